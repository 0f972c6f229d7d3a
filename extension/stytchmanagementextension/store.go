package stytchmanagementextension

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// store keeps streams and the last changes in a collector storage, version 1:
//
//	v1/stream/<project_id>/<DESTINATION>   one stream, stored
//	v1/audit/<sequence mod maxChanges>     one change, the JSON of change
//	v1/followed                            the table that the streams were followed from, storedTable
//
// Values are closed by seals, see there. A change is one Batch: its entry, then its
// stream, so that a storage whose Batch is not atomic never keeps a half of it that
// matters. There is no index: what is stored is what is found.
type store struct {
	client storage.Client
	seals  seals
}

const (
	streamPrefix = "v1/stream/"
	auditPrefix  = "v1/audit/"
	followedKey  = "v1/followed"
)

// stored is the JSON of a stream. A member that is added, removed or given another
// meaning makes a new version: an older program would not know what it passes over.
type stored struct {
	Active     bool   `json:"active"`
	Generation uint64 `json:"generation"`
	unmaskedConfig
}

func streamKey(project string, d managed.Destination) string {
	return streamPrefix + project + "/" + string(d)
}

// errNoWalk is for storages that cannot list their keys.
var errNoWalk = errors.New("cannot list its keys: use file_storage")

// content is what a storage holds.
type content struct {
	streams  []*managed.Stream
	changes  []change // the latest last
	etag     string   // of the table that the streams were followed from; "": none was
	resealed int      // values that are sealed anew
}

// storedTable is the JSON of what is known of another extension's table.
type storedTable struct {
	ETag string `json:"etag"`
}

// load reads everything, and then stores again what another than the first encryption
// key has sealed, or none. It changes nothing if it returns an error of its own.
func (st *store) load(ctx context.Context) (content, error) {
	walker, ok := st.client.(storage.Walker)
	if !ok {
		return content{}, errNoWalk
	}
	values := map[string][]byte{}
	if err := walker.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		values[key] = bytes.Clone(value)
		return nil, nil
	}); err != nil {
		return content{}, err
	}
	var found content
	var reseal []*storage.Operation
	// Backward, so that an error names a stream rather than an entry of the audit.
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(values))) {
		text, stale, err := st.seals.open(key, values[key])
		if err == nil {
			err = found.add(key, text)
		}
		if err != nil {
			return content{}, fmt.Errorf("%s: %w", nameOf(key), err)
		}
		if stale {
			reseal = append(reseal, storage.SetOperation(key, st.seals.close(key, text)))
		}
	}
	slices.SortFunc(found.changes, func(a, b change) int { return cmp.Compare(a.Sequence, b.Sequence) })
	if found.resealed = len(reseal); found.resealed == 0 {
		return found, nil
	}
	if err := st.client.Batch(ctx, reseal...); err != nil {
		return content{}, fmt.Errorf("sealing with the first of `encryption_keys`: %w", err)
	}
	return found, nil
}

// nameOf says in words what is stored under a key.
func nameOf(key string) string {
	if rest, ok := strings.CutPrefix(key, streamPrefix); ok {
		project, destination, _ := strings.Cut(rest, "/")
		return fmt.Sprintf("the stream of %s for %s", project, destination)
	}
	return fmt.Sprintf("the key %q", key)
}

func (found *content) add(key string, text []byte) error {
	switch {
	case strings.HasPrefix(key, streamPrefix):
		s, err := decodeStream(strings.TrimPrefix(key, streamPrefix), text)
		found.streams = append(found.streams, s)
		return err
	case strings.HasPrefix(key, auditPrefix):
		var made change
		err := json.Unmarshal(text, &made)
		found.changes = append(found.changes, made)
		return err
	case key == followedKey:
		var table storedTable
		err := json.Unmarshal(text, &table)
		found.etag = table.ETag
		return err
	default:
		return errors.New("is of an unknown version: a newer version of the collector has written it")
	}
}

func decodeStream(name string, text []byte) (*managed.Stream, error) {
	project, destination, _ := strings.Cut(name, "/")
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	var v stored
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("its JSON is unknown: %w", err)
	}
	s := &managed.Stream{
		ProjectID: project, Destination: managed.Destination(destination),
		Active: v.Active, Generation: v.Generation, Figures: managed.NewFigures(),
	}
	if c := v.Datadog; c != nil {
		s.Credentials.Datadog = &managed.DatadogCredentials{Site: c.Site, APIKey: configopaque.String(c.APIKey)}
	}
	if c := v.GrafanaLoki; c != nil {
		s.Credentials.Loki = &managed.LokiCredentials{Hostname: c.Hostname, Username: c.Username, Password: configopaque.String(c.Password)}
	}
	if (v.Datadog == nil) == (v.GrafanaLoki == nil) || s.Credentials.Destination() != s.Destination {
		return nil, errors.New("its destination is unknown: a newer version of the collector has written it")
	}
	return s, nil
}

// replacement is what makes of the present streams the next ones.
type replacement struct {
	streams []*managed.Stream // all, afterwards; of a followed table alone
	set     []*managed.Stream // new or changed
	gone    []*managed.Stream
	changes []change
}

// save stores what has changed, in one Batch. Etag is that of the followed table that it
// comes from, "" where none is followed.
func (st *store) save(ctx context.Context, r replacement, etag string) error {
	var ops []*storage.Operation
	set := func(key string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		ops = append(ops, storage.SetOperation(key, st.seals.close(key, text)))
		return nil
	}
	var errs []error
	for _, made := range r.changes[max(0, len(r.changes)-maxChanges):] {
		errs = append(errs, set(auditPrefix+strconv.FormatUint(made.Sequence%maxChanges, 10), made))
	}
	for _, s := range r.set {
		errs = append(errs, set(streamKey(s.ProjectID, s.Destination), stored{s.Active, s.Generation, unmaskedConfigOf(s.Credentials)}))
	}
	for _, s := range r.gone {
		ops = append(ops, storage.DeleteOperation(streamKey(s.ProjectID, s.Destination)))
	}
	if etag != "" {
		errs = append(errs, set(followedKey, storedTable{etag}))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return st.client.Batch(ctx, ops...)
}
