// Package managed is the seam between control and data: which stream a project has
// for a destination, whether it is on, and what has become of its events.
//
// The control side is an extension that implements Source. The data side is the
// processor, which asks the Table of each request's projects, and the exporters,
// which have an exporter of their own for each Stream. Both find the Source among the
// host's extensions with Find. Neither side imports the other.
//
// A change is stored, then its table is published, then it is answered: whoever has
// the answer can rely on the change.
package managed
