package harness

import "fmt"

// Destination is a stand-in that events arrive at. The ledger tells destinations apart by ==, so
// pass pointers. standin.Loki and standin.Datadog are two.
type Destination interface {
	fmt.Stringer // its name, for messages

	// Start listens on a loopback address, such as 127.0.0.1:0, and returns the URL to reach it by.
	Start(address string) (url string, err error)
	// Close stops listening and cuts every connection.
	Close() error
	// Env has the variables by which an example's configuration reaches it at a URL.
	Env(url string) map[string]string
	// TellEvents calls f with each event that arrives from now on, as the destination got it: byte
	// for byte, or inside what an exporter adds. Several requests may call f at a time.
	TellEvents(f func(event string))
}
