package stytchreceiver

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
)

// A stop answers those that wait, and cuts off those that still send.
func TestShutdownEndsWaitingRequests(t *testing.T) {
	s := newStuck(t)
	rcv, address := startAlone(t, s)
	answers := make(chan *http.Response, 2)
	for range 2 {
		go func() {
			resp, err := http.Post("http://"+address+"/v1/events", "", strings.NewReader("{}"))
			if err == nil {
				resp.Body.Close()
			}
			answers <- resp
		}()
		<-s.entered
	}
	slow, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer slow.Close()
	_, err = fmt.Fprintf(slow, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)

	begin := time.Now()
	require.NoError(t, rcv.Shutdown(t.Context()))
	require.Less(t, time.Since(begin), closeAfter+2*time.Second)
	for range 2 {
		resp := <-answers
		require.NotNil(t, resp)
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		require.Equal(t, retryAfter, resp.Header.Get("Retry-After"))
	}
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(patientFor)))
	_, err = http.ReadResponse(bufio.NewReader(slow), nil)
	require.Error(t, err)
}

// What answers within the grace is taken, stop or not.
func TestShutdownWaitsForThePipelines(t *testing.T) {
	s := newStuck(t)
	rcv, address := startAlone(t, s)
	answer := make(chan int, 1)
	go func() {
		resp, err := http.Post("http://"+address+"/v1/events", "", strings.NewReader("{}"))
		if err != nil {
			answer <- 0
			return
		}
		resp.Body.Close()
		answer <- resp.StatusCode
	}()
	<-s.entered
	time.AfterFunc(200*time.Millisecond, s.release)
	require.NoError(t, rcv.Shutdown(t.Context()))
	require.Equal(t, http.StatusAccepted, <-answer)
}

// startAlone starts a receiver that the test stops.
func startAlone(t *testing.T, next consumer.Logs) (rcv *stytchReceiver, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = listener.Addr().String()
	rcv = newTestReceiver(t, cfg)
	rcv.next = next
	require.NoError(t, rcv.Start(t.Context(), componenttest.NewNopHost()))
	return rcv, cfg.HTTP.NetAddr.Endpoint
}
