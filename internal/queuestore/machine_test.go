package queuestore

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	collectorclient "go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	typ       = component.MustNewType("test")
	storageID = component.MustNewID("file_storage")

	errKilled  = errors.New("the process is dead")
	errRefused = errors.New("the storage refuses")
)

// machine is what outlives a process: a disk, what was acknowledged to the
// sender and what arrived at the destination.
type machine struct {
	root  string // of this machine and its forks
	dir   string
	fsync bool
	acked []string

	mu      sync.Mutex
	arrived map[string]int
}

func newMachine(t testing.TB) *machine {
	root := t.TempDir()
	dir, err := os.MkdirTemp(root, "")
	require.NoError(t, err)
	return &machine{root: root, dir: dir, arrived: map[string]int{}}
}

// fork returns a machine in the same state, and what deletes it.
func (m *machine) fork(t testing.TB) (*machine, func()) {
	dir, err := os.MkdirTemp(m.root, "")
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, os.DirFS(m.dir)))
	return &machine{root: m.root, dir: dir, acked: slices.Clone(m.acked), arrived: maps.Clone(m.arrived)},
		func() { require.NoError(t, os.RemoveAll(dir)) }
}

func (m *machine) lost() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lost []string
	for _, id := range m.acked {
		if m.arrived[id] == 0 {
			lost = append(lost, id)
		}
	}
	return lost
}

func (m *machine) storage(t testing.TB) storage.Extension {
	return fileStorage(t, m.dir, func(cfg *filestorage.Config) { cfg.FSync = m.fsync })
}

// open gives the test itself access to the queue's storage.
func (m *machine) open(t testing.TB, use func(storage.Client)) {
	c, err := m.storage(t).GetClient(context.Background(), component.KindExporter, component.NewID(typ), "logs")
	require.NoError(t, err)
	use(c)
	require.NoError(t, c.Close(context.Background()))
}

func (m *machine) keys(t testing.TB) (keys []string) {
	m.open(t, func(c storage.Client) {
		require.NoError(t, c.(storage.Walker).Walk(context.Background(), func(key string, _ []byte) ([]*storage.Operation, error) {
			keys = append(keys, key)
			return nil, nil
		}))
	})
	return keys
}

// process is one run of an exporter on a machine.
type process struct {
	*machine
	exporter exporter.Logs
	tap      *tap
	waiting  chan struct{} // has one entry for each push that has blocked
	release  func()        // lets the blocked pushes go on
}

type options struct {
	unguarded bool
	killAt    int // the storage operation at which the process dies, from 1; 0: never
	refuse    func(ops []*storage.Operation) bool
	tune      func(*client) // has the guarded client before it is used
	block     bool          // pushes wait for release
	fail      error         // what a push returns
	consumers int
	batch     *exporterhelper.BatchConfig
	logger    *zap.Logger
	corrupted metric.Int64Counter
}

func (m *machine) start(t testing.TB, o options) *process {
	p := &process{machine: m, waiting: make(chan struct{}, 1000)}
	p.tap = &tap{Extension: m.storage(t), killAt: o.killAt, refuse: o.refuse}
	released := make(chan struct{})
	p.release = sync.OnceFunc(func() { close(released) })

	push := func(_ context.Context, ld plog.Logs) error {
		if o.block {
			p.waiting <- struct{}{}
			<-released
		}
		return p.arrive(ld, o.fail)
	}
	cfg := exporterhelper.NewDefaultQueueConfig()
	cfg.StorageID = &storageID
	cfg.NumConsumers = max(o.consumers, 1)
	if o.batch != nil {
		cfg.Batch = configoptional.Some(*o.batch)
	}
	set := exportertest.NewNopSettings(typ)
	set.ID = component.NewID(typ)
	if o.logger == nil {
		o.logger = zap.NewNop()
	}
	if o.corrupted == nil {
		o.corrupted = noop.Int64Counter{}
	}
	queue := configoptional.Some(cfg)
	exp, err := exporterhelper.NewLogs(context.Background(), set, struct{}{}, push,
		exporterhelper.WithQueue(queue), exporterhelper.WithRetry(configretry.NewDefaultBackOffConfig()))
	require.NoError(t, err)
	if !o.unguarded {
		exp = Wrap(component.NewID(typ), component.NewID(typ), exp, queue, logsOf, Damage{Logger: o.logger, Counter: o.corrupted}, alone{})
		wrapped := exp.(*guardedLogs)
		open := wrapped.open
		wrapped.open = func(ctx context.Context, next storage.Client, f file) (*client, error) {
			c, err := open(ctx, next, f)
			require.NoError(t, err)
			c.deferral.delay = time.Millisecond // what waits is as likely to be flushed as to be carried
			if o.tune != nil {
				o.tune(c)
			}
			return c, nil
		}
	}
	p.exporter = exp
	require.NoError(t, exp.Start(context.Background(), hostWith(p.tap)))
	return p
}

func (p *process) arrive(ld plog.Logs, fail error) error {
	p.tap.mu.Lock()
	defer p.tap.mu.Unlock()
	if p.tap.dead {
		return errKilled // a dead process sends nothing
	}
	if fail != nil {
		return fail
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				p.arrived[lr.Body().Str()]++
			}
		}
	}
	return nil
}

// offer sends n events of one request each and notes those acknowledged. Their
// context holds metadata, whose order of bytes in the storage is random.
func (p *process) offer(t testing.TB, n int) {
	ctx := collectorclient.NewContext(context.Background(), collectorclient.Info{Metadata: collectorclient.NewMetadata(map[string][]string{
		"a": {"1"}, "b": {"2"}, "c": {"3"}, "d": {"4"},
	})})
	for range n {
		id := strconv.Itoa(len(p.acked))
		require.NoError(t, p.exporter.ConsumeLogs(ctx, event(id)))
		p.acked = append(p.acked, id)
	}
}

func event(id string) plog.Logs {
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(id)
	return ld
}

// finish waits until the queue is empty or the process is dead, and takes it down.
func (p *process) finish(t testing.TB) (killed bool) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Microsecond) {
		idle, dead := p.tap.state()
		if idle || dead {
			p.stop(t)
			return dead
		}
		require.True(t, time.Now().Before(deadline), "the queue does not run empty")
	}
}

func (p *process) kill(t testing.TB) {
	p.tap.mu.Lock()
	p.tap.dead = true
	p.tap.mu.Unlock()
	p.stop(t)
}

func (p *process) stop(t testing.TB) {
	p.release()
	require.NoError(t, p.exporter.Shutdown(context.Background()))
}
