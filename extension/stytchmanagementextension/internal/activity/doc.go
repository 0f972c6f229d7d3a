// Package activity keeps the latest events in memory, for the page that shows them.
//
// The way of events pays for a copy and nothing else: Observe copies into memory that is
// set aside once, and never waits for a reader. Everything that costs more, finding
// fields, masking and filtering, is done by a Reader in its own time, for as many events
// as a person can look at. A Reader that is slower than the events misses some, and
// knows how many.
package activity
