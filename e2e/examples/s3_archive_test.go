//go:build e2e

package examples

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// quickUploads scales the archive's waits down: an outage of seconds meets as many attempts as one of
// minutes does. The test's S3 has its buckets in the path.
const quickUploads = `
exporters:
  awss3:
    s3uploader: {s3_force_path_style: true}
    timeout: 2s
    sending_queue: {batch: {flush_timeout: 300ms, min_size: 500, max_size: 500}}
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
`

// uuidv7 names of objects, by the hour of the upload.
var objectKey = regexp.MustCompile(`^\d{4}/\d{2}/\d{2}/\d{2}/logs_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\.txt\.gz$`)

// TestS3Archive promises: with S3 answering 503, the collector killed in between and killed again
// under load, everything acknowledged is in the bucket, byte for byte.
func TestS3Archive(t *testing.T) {
	s3 := newBucket(t)
	r := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml").overlay(quickUploads)
	before := time.Now().UTC()
	r.start()
	load := r.load(2000)
	r.acknowledged(500)

	s3.down.Store(true)
	r.acknowledged(3000)
	r.collector.Kill()
	r.start()
	r.acknowledged(3000)
	s3.down.Store(false)
	for range 3 {
		r.flows(s3)
		r.collector.Kill()
		r.start()
	}
	load.Stop()
	require.Empty(t, load.Wrong())
	r.everythingArrives(s3)
	r.collector.Stop()
	for _, key := range s3.keys(t) {
		require.Regexp(t, objectKey, key)
		hour, err := time.Parse("2006/01/02/15", key[:13])
		require.NoError(t, err)
		require.False(t, hour.Before(before.Truncate(time.Hour)) || hour.After(time.Now().UTC()), key)
	}
}

// TestS3ArchiveKilledInTheStart promises: a collector that is killed while it starts, again and again,
// loses nothing of what waits. exporterhelper's queue alone loses half of it.
func TestS3ArchiveKilledInTheStart(t *testing.T) {
	s3 := newBucket(t)
	r := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml").overlay(quickUploads)
	r.start()
	s3.down.Store(true)
	load := r.load(2000)
	r.acknowledged(3000)
	load.Stop()
	r.collector.Kill()
	for _, delay := range []int{0, 1, 2, 3, 5, 8, 12, 20, 30, 60} {
		r.collector = harness.Spawned(t, r.options)
		r.until("the queue's start", func() bool { return strings.Contains(r.collector.Output(), "Fetching items left") })
		time.Sleep(time.Duration(delay) * time.Millisecond)
		r.collector.Kill()
	}
	s3.down.Store(false)
	r.start()
	r.everythingArrives(s3)
}

// TestS3ArchiveTakesOddEvents has each fixture in the bucket as it was sent. One of them has line
// breaks between its members.
func TestS3ArchiveTakesOddEvents(t *testing.T) {
	s3 := newBucket(t)
	r := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml").overlay(quickUploads)
	got := collect(s3)
	r.start()
	events := testdata.Recent(time.Now())
	r.push(events)
	var want []string
	for _, event := range events {
		want = append(want, strings.Split(event.JSON, "\n")...)
	}
	r.until("arrivals", func() bool { return len(got()) >= len(want) })
	require.ElementsMatch(t, want, got())
}

// TestS3ArchiveByProject has no object with events of two projects, and each under its own.
func TestS3ArchiveByProject(t *testing.T) {
	const projects, each = 3, 40
	s3 := newBucket(t)
	r := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml").overlay(quickUploads)
	r.options.Configs = append(r.options.Configs, harness.Path("examples/s3-archive/by-project.yaml"))
	got := collect(s3)
	r.start()
	var events []testdata.Event
	for n := range projects * each {
		events = append(events, testdata.Event{
			Time: time.Now(),
			JSON: fmt.Sprintf(`{"event_id":"event-live-%d","project_id":"project-live-%d"}`, n, n%projects),
		})
	}
	for at := 0; at < len(events); at += 10 {
		r.push(events[at : at+10])
	}
	r.until("arrivals", func() bool { return len(got()) >= len(events) })
	require.Len(t, got(), len(events))
	for _, key := range s3.keys(t) {
		project, rest, _ := strings.Cut(key, "/")
		require.Regexp(t, objectKey, rest)
		lines, err := s3.lines(key)
		require.NoError(t, err)
		for _, line := range lines {
			require.Contains(t, line, `"project_id":"`+project+`"`, key)
		}
	}
}

// TestS3ArchiveWithEnvelope has each event, byte for byte, in the bridge's envelope.
func TestS3ArchiveWithEnvelope(t *testing.T) {
	s3 := newBucket(t)
	r := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml", "s3-archive/envelope.yaml").overlay(quickUploads)
	got := collect(s3)
	r.start()
	events := slices.DeleteFunc(testdata.Recent(time.Now()), func(e testdata.Event) bool { return strings.Contains(e.JSON, "\n") })
	r.push(events)
	r.until("arrivals", func() bool { return len(got()) >= len(events) })
	byRecord := map[string]string{}
	for _, line := range got() {
		var envelope struct {
			Timestamp string            `json:"timestamp"`
			Record    json.RawMessage   `json:"record"`
			Stream    map[string]string `json:"stream"`
			Metadata  map[string]any    `json:"metadata"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &envelope), line)
		require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth"}, envelope.Stream)
		require.NotNil(t, envelope.Metadata)
		require.Empty(t, envelope.Metadata)
		byRecord[string(envelope.Record)] = envelope.Timestamp
	}
	for _, event := range events {
		require.Contains(t, byRecord, event.JSON, event.Name)
		require.Equal(t, event.Time.UTC().Format("2006-01-02T15:04:05.000Z"), byRecord[event.JSON], event.Name)
	}
}

// push sends events in one request, which must be acknowledged.
func (r *rig) push(events []testdata.Event) {
	r.Helper()
	reply, err := r.sender.LokiPush(r.Context(), events)
	require.NoError(r, err)
	require.Equal(r, http.StatusNoContent, reply.Status, reply.Body)
}
