// Package e2e drives the built collector from outside: events go in as Stytch sends them, and what
// arrives at the destinations is compared byte for byte.
//
//	go test ./e2e/...             the fixtures and the documents, without the binary
//	make build
//	go test -tags e2e ./e2e/      all of it
//	go run ./e2e/demo             the same to look at: `make run`
package e2e
