package datadoglogsexporter

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
)

// Streams change in every way while events come and while others are held. In the end
// every figure adds up, and each event that was accepted for a stream that was never
// deleted has arrived.
func TestChangesWhilePushing(t *testing.T) {
	for _, onDisk := range []bool{false, true} {
		t.Run(map[bool]string{false: "in memory", true: "on disk"}[onDisk], func(t *testing.T) {
			directory := ""
			if onDisk {
				directory = t.TempDir()
			}
			changesWhilePushing(t, directory)
		})
	}
}

func changesWhilePushing(t *testing.T, directory string) {
	const projects, pushes, changes = 8, 300, 200
	intake := newAccounts(t)
	for i := range projects {
		intake.answers(fmt.Sprint("refused", i), http.StatusForbidden)
		intake.hangs(fmt.Sprint("hangs", i))
	}
	r := newManagedRig(t, fakestreams.New(), intake, directory)
	name := func(i int) string { return fmt.Sprint("project-live-", i) }
	var mu sync.Mutex
	all := map[*managed.Figures]struct{}{}
	set := func(i int, key string, active bool) {
		s := r.source.Set(name(i), datadog(fmt.Sprint(key, i)), active)
		mu.Lock()
		defer mu.Unlock()
		all[s.Figures] = struct{}{}
	}
	for i := range projects {
		set(i, "fine", true)
	}
	var work sync.WaitGroup
	accepted := make([]map[string]bool, projects)
	for i := range projects {
		accepted[i] = map[string]bool{}
		work.Go(func() {
			for n := range pushes {
				ld := eventsOf(name(i), n, n+1)
				if err := r.ConsumeLogs(t.Context(), ld); err == nil {
					accepted[i][fmt.Sprintf("%s/%d", name(i), n)] = true
				}
			}
		})
	}
	const deleted = 4 // projects below it are deleted and created again
	for range 2 {
		work.Go(func() {
			for range changes {
				i := rand.N(projects)
				switch rand.N(6) {
				case 0:
					set(i, "refused", true)
				case 1:
					set(i, "hangs", true)
				case 2:
					set(i, "fine", false)
				case 3:
					if i < deleted {
						r.source.Delete(name(i), managed.Datadog)
						set(i, "fine", true)
					}
				default:
					set(i, "fine", true)
				}
				time.Sleep(time.Duration(rand.N(1000)) * time.Microsecond)
			}
		})
	}
	work.Wait()
	for i := range projects {
		set(i, "fine", true)
	}
	r.eventually(func() bool {
		for f := range all {
			if f.Snapshot().Waiting != 0 {
				return false
			}
		}
		return true
	}, "every figure adds up")
	for i := deleted; i < projects; i++ {
		arrived := map[string]bool{}
		for _, id := range intake.of(fmt.Sprint("fine", i)) {
			arrived[id] = true
		}
		for id := range accepted[i] {
			require.True(t, arrived[id], id)
		}
	}
	require.Zero(t, r.quarantined())
}

// 1,000 streams are created while events come for those that are there.
func TestCreatesWhilePushing(t *testing.T) {
	const projects = 1000
	intake := newAccounts(t)
	r := newManagedRig(t, fakestreams.New(), intake, "", map[string]any{"sending_queue": map[string]any{"batch": map[string]any{"flush_timeout": "200ms"}}})
	name := func(i int) string { return fmt.Sprint("project-test-", i) }
	created := make(chan int, projects)
	var work sync.WaitGroup
	work.Go(func() {
		defer close(created)
		for i := range projects {
			r.set(name(i), "k")
			created <- i
		}
	})
	for range 4 {
		work.Go(func() {
			for i := range created {
				ld := eventsOf(name(i), 0, 1)
				appendEvents(ld, name(rand.N(i+1)), 1, 2)
				if err := r.ConsumeLogs(t.Context(), ld); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	r.eventually(func() bool { return len(intake.of("k")) == 2*projects }, "all arrive")
	require.Zero(t, r.source.Missed(name(0), managed.Datadog))
}
