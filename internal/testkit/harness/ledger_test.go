package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

func TestEventsFollowFromTheirNumber(t *testing.T) {
	l := NewLedger()
	l.Padding, l.Only = 300, 7
	for _, n := range []int{0, 7, 123456} {
		event := l.Event(n)
		require.Equal(t, event, l.Event(n))
		_, err := standin.Members([]byte(event.JSON))
		require.NoError(t, err)
		got, ok := Number(event.JSON)
		require.True(t, ok)
		require.Equal(t, n, got)
	}
	require.Len(t, l.Event(7).JSON, len(l.Event(8).JSON)+300+len(`,"padding":""`))
	require.Equal(t, 8*time.Microsecond, l.Event(8).Time.Sub(l.Event(0).Time))
	_, ok := Number("no event")
	require.False(t, ok)
}

// The ledger counts for each destination apart, also for one of the same kind that it was not made
// with.
func TestAccount(t *testing.T) {
	loki, other := standin.NewLoki(), standin.NewLoki()
	l := NewLedger(loki, standin.NewDatadog("key"))
	require.Zero(t, l.next(6))
	l.attempted(0, 6)
	l.attempted(1, 1) // the sender tried event 1 twice
	l.acknowledged(0, 4)
	for _, n := range []int{0, 1, 1, 2, 2, 2, 4} { // 3 is lost, 5 was never acknowledged
		l.Arrived(loki, l.Event(n).JSON)
	}
	require.Equal(t, Account{
		Sent: 6, Acknowledged: 4, Arrived: 4, Lost: []int{3}, SenderRepeats: 1, CollectorRepeats: 2, Changed: []string{},
	}, l.Account(loki))
	require.Equal(t, 1, l.Missing(loki))
	require.Equal(t, 4, l.Missing(other))
	require.Equal(t, 1+4, l.MissingAnywhere(), "nothing came to Datadog")
	require.Equal(t, 4, l.Acknowledged())
	require.Equal(t, 4, l.ArrivedAt(loki))
	require.Zero(t, l.ArrivedAt(other))
}

func TestWhatArrivesChangedIsNoArrival(t *testing.T) {
	datadog := standin.NewDatadog("key")
	l := NewLedger(datadog)
	first := l.next(1)
	l.attempted(first, 1)
	event := l.Event(first).JSON
	l.Arrived(datadog, `{"ddsource":"stytch",`+event[1:])                     // others beside its members
	l.Arrived(datadog, event[:len(event)-1]+` }`)                             // a space of no account
	l.Arrived(datadog, event[:len(event)-5]+`0}`)                             // another timestamp
	l.Arrived(datadog, `{"event_id":"`+idPrefix+`000000000009"}`)             // nobody sent it
	l.Arrived(datadog, `{"event_id":"event-live-of-somebody-else-entirely"}`) // nor that
	account := l.Account(datadog)
	require.Equal(t, 1, account.Arrived)
	require.Equal(t, 1, account.CollectorRepeats)
	require.Len(t, account.Changed, 3)
}
