package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// progress is how far a replay is. Its file is rewritten after each acknowledged request: a run that
// is killed sends at most one request again.
type progress struct {
	// What the file holds. Another window or archive has another file.
	From, To string
	Archive  string
	Done     struct {
		Objects  int    // whole ones
		Last     string // key of the last whole one
		InObject int    // events of the one after it
		Events   int    // of all
	}

	file    string
	objects []object
	bytes   int64 // of whole objects
	total   int64
	odd     int
	began   time.Time
	here    int // events of this run
	told    time.Time
}

// begin reads how far an earlier run of this window came.
func (r *replay) begin(objects []object) (*progress, error) {
	p := &progress{file: r.resume, objects: objects, began: time.Now(), told: time.Now()}
	p.From, p.To, p.Archive = r.window.from.Format(hour), r.window.to.Format(hour), r.archive
	want := *p
	content, err := os.ReadFile(r.resume)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(content, p); err != nil {
			return nil, fmt.Errorf("-resume %s: %w", r.resume, err)
		}
		if p.From != want.From || p.To != want.To || p.Archive != want.Archive {
			return nil, fmt.Errorf("-resume %s is of the window from %s to %s of %s: name another file", r.resume, p.From, p.To, p.Archive)
		}
		if n := p.Done.Objects; n > len(objects) || n > 0 && objects[n-1].key != p.Done.Last {
			return nil, fmt.Errorf("-resume %s: the archive has changed before %s: name another file", r.resume, p.Done.Last)
		}
	}
	for i, o := range objects {
		p.total += o.size
		if i < p.Done.Objects {
			p.bytes += o.size
		}
	}
	return p, nil
}

// sent takes note of an acknowledged request, up to an event of the present object.
func (p *progress) sent(n, inObject int) error {
	p.here += n
	p.Done.Events += n
	p.Done.InObject = inObject
	if time.Since(p.told) > time.Second {
		p.tell()
	}
	return p.save()
}

// finished takes note of a whole object.
func (p *progress) finished(o object) error {
	p.bytes += o.size
	p.Done.Objects++
	p.Done.Last, p.Done.InObject = o.key, 0
	return p.save()
}

// save replaces the file at once.
func (p *progress) save() error {
	content, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(p.file+".new", p.file)
}

// tell prints how far it is. The percentage is of the bytes of whole objects.
func (p *progress) tell() {
	p.told = time.Now()
	percent := 100.0
	if p.total > 0 {
		percent = 100 * float64(p.bytes) / float64(p.total)
	}
	fmt.Printf("%d of %d objects, %d events, %.1f %%, %.0f events a second\n",
		p.Done.Objects, len(p.objects), p.Done.Events, percent, float64(p.here)/max(time.Since(p.began).Seconds(), 0.001))
}
