// Package faults breaks what surrounds the built collector, and the collector itself, while events
// flow: destinations that fail in every way, a full disk, a damaged queue, kills, too little memory.
// The sender's ledger tells what was acknowledged, the destinations' what arrived, and each test
// states its promise and checks it event by event. docs/reliability.md lists them.
//
//	make e2e-faults          all of it with a soak of 2 minutes; the full disk needs root
//	make soak SOAK=30m       the soak alone, for as long
package faults
