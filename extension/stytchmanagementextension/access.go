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

// maxAddresses bounds the memory that failures take, at about 200 bytes an address.
const maxAddresses = 10_000

// access knows the workspace keys, and slows down those who guess at them. Who guesses
// is told by the address: without one that has shown right credentials, an address whose
// failures are used up is refused unheard.
type access struct {
	keys   []hashedKey
	logger *zap.Logger
	warn   rate.Sometimes

	mu        sync.Mutex
	addresses *simplelru.LRU[netip.Addr, *caller]
	all       *rate.Limiter
}

type hashedKey struct {
	id           string
	hash, secret [sha256.Size]byte
}

type caller struct {
	failures *rate.Limiter
	known    bool // it has shown right credentials
}

func newAccess(keys []WorkspaceKey, logger *zap.Logger) *access {
	a := &access{logger: logger, warn: rate.Sometimes{First: 1, Interval: time.Minute}, all: rate.NewLimiter(rate.Every(failureOfAllEvery), failuresOfAll)}
	a.addresses, _ = simplelru.NewLRU[netip.Addr, *caller](maxAddresses, nil) // its error is a size below 1
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
		a.callerAt(address).known = true
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
	c := a.callerAt(address)
	if c.known {
		return 0
	}
	return max(until(c.failures), until(a.all))
}

// failed counts wrong credentials, and returns how long to wait if these are too many.
func (a *access) failed(address netip.Addr) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.callerAt(address)
	if wait := max(until(c.failures), until(a.all)); wait > 0 {
		return wait
	}
	c.failures.Allow()
	a.all.Allow()
	return 0
}

// until returns how long a limiter has nothing to give.
func until(l *rate.Limiter) time.Duration {
	missing := 1 - l.Tokens()
	return max(0, time.Duration(missing/float64(l.Limit())*float64(time.Second)))
}

// callerAt returns what is known of an address. The mutex is held.
func (a *access) callerAt(address netip.Addr) *caller {
	c, found := a.addresses.Get(address)
	if !found {
		c = &caller{failures: rate.NewLimiter(rate.Every(failureEvery), failuresPerAddress)}
		a.addresses.Add(address, c)
	}
	return c
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
