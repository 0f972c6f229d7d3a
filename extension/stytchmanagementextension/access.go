package stytchmanagementextension

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// Failed credentials: how many are answered at once, and how often one more.
const (
	failuresPerAddress = 20
	failureEvery       = 3 * time.Second
	failuresOfAll      = 200
	failureOfAllEvery  = 100 * time.Millisecond
)

// maxAddresses bounds the memory of either list of addresses, at about 200 bytes each.
const maxAddresses = 10_000

// access knows the workspace keys, and slows down those who guess at them. An address
// whose failures are used up is refused unheard, unless it has shown right credentials
// before: behind one address there can be several clients, and one of them wrong.
type access struct {
	keys   []hashedKey
	every  time.Duration // failureEvery, but in tests
	logger *zap.Logger
	warn   rate.Sometimes

	mu       sync.Mutex
	failures *simplelru.LRU[netip.Addr, *rate.Limiter]
	known    *simplelru.LRU[netip.Addr, struct{}] // those that have shown right credentials
	all      *rate.Limiter
}

type hashedKey struct {
	id           string
	hash, secret [sha256.Size]byte
}

func newAccess(keys []WorkspaceKey, logger *zap.Logger) *access {
	a := &access{
		every: failureEvery, logger: logger, warn: rate.Sometimes{First: 1, Interval: time.Minute},
		all: rate.NewLimiter(rate.Every(failureOfAllEvery), failuresOfAll),
	}
	// Their errors are sizes below 1.
	a.failures, _ = simplelru.NewLRU[netip.Addr, *rate.Limiter](maxAddresses, nil)
	a.known, _ = simplelru.NewLRU[netip.Addr, struct{}](maxAddresses, nil)
	for _, key := range keys {
		a.keys = append(a.keys, hashedKey{key.ID, sha256.Sum256([]byte(key.ID)), sha256.Sum256([]byte(key.secret()))})
	}
	return a
}

// authenticate returns the id of the workspace key that a request carries, as Basic (id
// and secret) or Bearer (secret alone). Its error is a *refusal.
func (a *access) authenticate(r *http.Request) (string, error) {
	if id, secret, ok := r.BasicAuth(); ok {
		return a.check(r, &id, secret)
	}
	if scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return a.check(r, nil, strings.TrimSpace(secret))
	}
	return "", errUnauthorized // nobody guesses with nothing
}

var errUnauthorized = &refusal{status: http.StatusUnauthorized, kind: kindUnauthorized, message: "Unauthorized credentials."}

// check returns the id of the workspace key of these credentials. Without an id, the
// secret is enough.
func (a *access) check(r *http.Request, id *string, secret string) (string, error) {
	address := addressOf(r)
	if wait := a.wait(address); wait > 0 {
		a.warnOf(r)
		return "", tooMany(wait)
	}
	if key := a.find(id, secret); key != "" {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.known.Add(address, struct{}{})
		return key, nil
	}
	a.warnOf(r)
	if wait := a.failed(address); wait > 0 {
		return "", tooMany(wait)
	}
	return "", errUnauthorized
}

// warnOf logs the first failure, and then one in a minute.
func (a *access) warnOf(r *http.Request) {
	a.warn.Do(func() {
		a.logger.Warn("Someone uses wrong credentials; this is logged once a minute", zap.String("address", r.RemoteAddr), zap.String("user_agent", readable(r.UserAgent())))
	})
}

// find compares with every key, and takes the same time whichever is right, or none.
func (a *access) find(id *string, secret string) string {
	secretHash := sha256.Sum256([]byte(secret))
	var idHash [sha256.Size]byte
	if id != nil {
		idHash = sha256.Sum256([]byte(*id))
	}
	found := -1
	for i, key := range a.keys {
		same := subtle.ConstantTimeCompare(key.secret[:], secretHash[:])
		if id != nil {
			same &= subtle.ConstantTimeCompare(key.hash[:], idHash[:])
		}
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	if found < 0 {
		return ""
	}
	return a.keys[found].id
}

// wait returns how long an address must wait until its credentials are looked at.
func (a *access) wait(address netip.Addr) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.known.Get(address); known {
		return 0
	}
	return a.full(address)
}

// failed counts wrong credentials, and returns how long to wait if these are too many.
func (a *access) failed(address netip.Addr) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wait := a.full(address); wait > 0 {
		return wait
	}
	l, found := a.failures.Get(address)
	if !found {
		l = rate.NewLimiter(rate.Every(a.every), failuresPerAddress)
		a.failures.Add(address, l)
	}
	l.Allow()
	a.all.Allow()
	return 0
}

// full returns how long an address must wait until it may fail again. The mutex is held.
func (a *access) full(address netip.Addr) time.Duration {
	wait := until(a.all)
	if l, found := a.failures.Get(address); found {
		wait = max(wait, until(l))
	}
	return wait
}

// until returns how long a limiter has nothing to give.
func until(l *rate.Limiter) time.Duration {
	missing := 1 - l.Tokens()
	return max(0, time.Duration(missing/float64(l.Limit())*float64(time.Second)))
}

// addressOf returns the address that a request comes from. Of IPv6 it is the network,
// since one client has all of it. A Unix socket has none, and all its clients are one.
func addressOf(r *http.Request) netip.Addr {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	address, _ := netip.ParseAddr(host)
	if address = address.Unmap(); address.Is6() {
		network, _ := address.Prefix(64)
		return network.Addr()
	}
	return address
}

func tooMany(wait time.Duration) *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, kind: kindTooMany, retryAfter: wait,
		message: "Too many requests with wrong credentials.",
	}
}
