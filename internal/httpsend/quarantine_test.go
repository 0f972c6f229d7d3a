package httpsend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// only returns the one record in quarantine.
func only(t *testing.T, q *quarantine) *quarantined {
	t.Helper()
	require.Len(t, q.records, 1)
	return slices.Collect(maps.Keys(q.records))[0]
}

// pushed returns a sender with a refused X in quarantine, old enough to be dropped.
func pushed(t *testing.T, answer func(string, http.ResponseWriter) int) (*intake, *Sender, *quarantined) {
	in, s := newIntake(t, answer)
	_, err := (&letters{text: "aXb", max: 3}).send(t.Context(), s)
	require.NoError(t, err)
	x := only(t, s.quarantine)
	x.since = time.Now().Add(-2 * s.HoldFor)
	return in, s, x
}

func accept(t *testing.T, s *Sender) {
	t.Helper()
	_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
	require.NoError(t, err)
}

func TestARefusedRecordIsDroppedAfterEnoughRefusals(t *testing.T) {
	in, s, x := pushed(t, poison)
	for n := range maxRejections {
		require.Len(t, s.quarantine.records, 1, "refusal %d", n)
		accept(t, s)
		s.quarantine.try(t.Context(), x)
		s.quarantine.try(t.Context(), x) // none was accepted between: it does not count
	}
	require.Empty(t, s.quarantine.records)
	require.Zero(t, s.quarantine.size)
	require.Equal(t, []string{"1 rejected"}, in.drops)
}

func TestWhatDoesNotCountAgainstARecord(t *testing.T) {
	refuse := http.StatusBadRequest
	for _, c := range []struct {
		name    string
		code    int
		prepare func(*Sender, *quarantined)
	}{
		{"too short a time", refuse, func(_ *Sender, x *quarantined) { x.since = time.Now() }},
		{"a limit of a proxy", http.StatusRequestEntityTooLarge, nil},
		{"a wrong key", http.StatusForbidden, nil},
		{"an overload", http.StatusServiceUnavailable, nil},
		{"a destination that was wrong before, for longer", refuse, func(s *Sender, x *quarantined) {
			s.health.acceptedRejected = time.Now()
			x.rejections = cautiousMaxRejections - maxRejections - 3
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := refuse
			in, s, x := pushed(t, func(payload string, w http.ResponseWriter) int {
				if strings.Contains(payload, "X") {
					return code
				}
				return poison(payload, w)
			})
			code = c.code
			if c.prepare != nil {
				c.prepare(s, x)
			}
			for range maxRejections + 2 {
				accept(t, s)
				s.quarantine.try(t.Context(), x)
			}
			require.Len(t, s.quarantine.records, 1)
			require.Empty(t, in.drops)
		})
	}
}

func TestEachAttemptIsOnANewConnection(t *testing.T) {
	in, s := newIntake(t, poison)
	connections := map[string]bool{}
	in.Config.Handler = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			connections[r.RemoteAddr] = true
			next.ServeHTTP(w, r)
		})
	}(in.Config.Handler)
	_, err := (&letters{text: "aXb", max: 3}).send(t.Context(), s)
	require.NoError(t, err)
	before := len(connections)
	for range 5 {
		s.quarantine.try(t.Context(), only(t, s.quarantine))
	}
	require.Len(t, connections, before+5)
}

func TestWhatIsAcceptedLaterLeavesTheQuarantine(t *testing.T) {
	well := false
	in, s, x := pushed(t, func(payload string, w http.ResponseWriter) int {
		if well {
			return http.StatusAccepted
		}
		return poison(payload, w)
	})
	var reported []*componentstatus.Event
	s.Report = func(e *componentstatus.Event) { reported = append(reported, e) }
	s.quarantine.try(t.Context(), x)
	well = true
	s.quarantine.try(t.Context(), x)
	require.Empty(t, s.quarantine.records)
	require.Contains(t, in.accepted, "X")
	_, enough := s.health.dropRule()
	require.Equal(t, cautiousMaxRejections, enough, "it was wrong before")
	require.Equal(t, componentstatus.StatusOK, reported[len(reported)-1].Status())
}

func TestTheStatusNamesTheNumberAndTheAnswer(t *testing.T) {
	_, s := newIntake(t, func(payload string, w http.ResponseWriter) int {
		code := poison(payload, w)
		if code != http.StatusAccepted {
			w.Header().Set("Content-Type", "text/plain")
		}
		return code
	})
	var reported []*componentstatus.Event
	s.Report = func(e *componentstatus.Event) { reported = append(reported, e) }
	_, err := (&letters{text: "aXXb", max: 4}).send(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, reported, 1)
	require.Equal(t, componentstatus.StatusRecoverableError, reported[0].Status())
	require.ErrorContains(t, reported[0].Err(), "2 refused events are in quarantine and are tried again: ")
	require.ErrorContains(t, reported[0].Err(), "answered 400")
}

// The loop tries by itself, at the pace that retry_on_failure::max_interval sets.
func TestTheQuarantineTriesByItself(t *testing.T) {
	in, s, _ := pushed(t, poison)
	s.HoldFor = 10 * time.Millisecond
	for x := range s.quarantine.records {
		x.next = time.Now()
	}
	s.quarantine.run.Go(s.quarantine.loop)
	t.Cleanup(s.quarantine.stop)
	require.Eventually(t, func() bool {
		accept(t, s)
		in.mu.Lock()
		defer in.mu.Unlock()
		return len(in.drops) == 1
	}, 20*time.Second, time.Millisecond)
}

// memory is a storage in memory that can refuse.
type memory struct {
	storage.Client
	values map[string][]byte
	err    error
}

func (m *memory) Batch(_ context.Context, ops ...*storage.Operation) error {
	if m.err != nil {
		return m.err
	}
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = m.values[op.Key]
		case storage.Set:
			m.values[op.Key] = op.Value
		case storage.Delete:
			delete(m.values, op.Key)
		}
	}
	return nil
}

// walked is one that can be walked through, as file_storage's can.
type walked struct{ *memory }

func (w walked) Walk(_ context.Context, fn storage.WalkFunc) error {
	for key, value := range w.values {
		if _, err := fn(key, value); err != nil {
			return err
		}
	}
	return w.err
}

func TestTheQuarantineOutlivesAKill(t *testing.T) {
	asked := &memory{values: map[string][]byte{}}
	t.Run("asked for each", func(t *testing.T) { outlivesAKill(t, asked, asked) })
	stepped := &memory{values: map[string][]byte{}}
	t.Run("walked through", func(t *testing.T) { outlivesAKill(t, walked{stepped}, stepped) })
}

func outlivesAKill(t *testing.T, storage storage.Client, client *memory) {
	client.values["qmv0"] = []byte("the queue's own")
	defer func() { require.Equal(t, map[string][]byte{"qmv0": []byte("the queue's own")}, client.values) }()
	_, s := newIntake(t, poison)
	require.NoError(t, s.quarantine.Open(t.Context(), storage))
	_, err := (&letters{text: "aXbXcX", max: 6}).send(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, client.values, 4)
	for x := range s.quarantine.records { // one is dropped: its slot is used again
		if x.slot == 1 {
			s.quarantine.conclude(x, Delivered, nil)
		}
	}
	require.Len(t, client.values, 3)
	client.values["quarantine/2"][40] ^= 1

	in, s := newIntake(t, func(string, http.ResponseWriter) int { return http.StatusAccepted })
	var damage []error
	s.quarantine.encoding.Damaged = func(err error) { damage = append(damage, err) }
	var gauged int
	s.quarantine.gauge = func(n int) { gauged = n }
	require.NoError(t, s.quarantine.Open(t.Context(), storage))
	require.Len(t, damage, 1)
	require.Len(t, client.values, 2, "what cannot be read is told once")
	require.Equal(t, 1, gauged)
	s.quarantine.try(t.Context(), only(t, s.quarantine))
	require.Equal(t, []string{"X"}, in.accepted)
	require.Len(t, s.quarantine.slots.free, 3)
}

func TestAStorageThatRefusesLeavesThemInThePush(t *testing.T) {
	client := &memory{values: map[string][]byte{}}
	_, s := newIntake(t, poison)
	require.NoError(t, s.quarantine.Open(t.Context(), client))
	client.err = errors.New("no space left on device")
	rest, err := (&letters{text: "aXb", max: 3}).send(t.Context(), s)
	require.ErrorIs(t, err, client.err)
	require.Equal(t, []payload.Range{{Lo: 1, Hi: 2}}, rest)
	require.Empty(t, s.quarantine.records)
	require.Zero(t, s.quarantine.size)

	client.err = nil
	rest, err = (&letters{text: "aXb", max: 3}).send(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, rest)
	x := only(t, s.quarantine)
	client.err = errors.New("no space left on device")
	s.quarantine.conclude(x, Delivered, nil)
	require.Len(t, s.quarantine.records, 1, "its copy is still to be deleted")
	client.err = nil
	s.quarantine.try(t.Context(), x)
	require.Empty(t, s.quarantine.records)
	require.Empty(t, client.values)
}

func TestARecordInQuarantineKeepsNoBlockInMemory(t *testing.T) {
	_, s := newIntake(t, poison)
	f := lettersOf(1000)
	r := f.Build(func(to *payload.Builder) {
		for i := range 1000 {
			text := fmt.Sprintf("%0100d", i)
			if i == 500 {
				text = "X" + text
			}
			to.End(append(to.Begin(), text...), payload.Record{})
		}
	})
	require.NoError(t, s.Send(t.Context(), payload.NewCursor(r), func([]payload.Record) {}))
	require.Equal(t, 101, only(t, s.quarantine).request.BytesSize())
	require.Equal(t, 101, s.quarantine.size)
}
