package sink

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Client asks a running sink.
type Client struct {
	URL string // http://host:port
}

// Reset makes the sink forget all and expect the sequence numbers below events.
func (c Client) Reset(events int) error {
	answer, err := http.Post(fmt.Sprintf("%s/reset?events=%d", c.URL, events), "", nil)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("resetting the sink: %s", answer.Status)
	}
	return nil
}

// Counts is what has arrived at a destination.
func (c Client) Counts(destination string) (Counts, error) {
	var counts Counts
	content, err := c.get("/counts?of=" + destination)
	if err != nil {
		return counts, err
	}
	if err := json.Unmarshal(content, &counts); err != nil {
		return counts, err
	}
	if counts.Error != "" {
		return counts, errors.New(counts.Error)
	}
	return counts, nil
}

// Arrivals tells by sequence number when an event arrived at a destination, in nanoseconds since
// the epoch, and 0 where it did not.
func (c Client) Arrivals(destination string) ([]int64, error) {
	content, err := c.get("/arrivals?of=" + destination)
	if err != nil {
		return nil, err
	}
	times := make([]int64, len(content)/8)
	_, err = binary.Decode(content, binary.LittleEndian, times)
	return times, err
}

func (c Client) get(path string) ([]byte, error) {
	answer, err := http.Get(c.URL + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}
