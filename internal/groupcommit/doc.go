// Package groupcommit lets requests that come together share one transaction of
// a persistent sending queue.
//
// # Why
//
// exporterhelper's persistent queue (v0.158 to v0.165, whose code for it is the
// same) puts one request at a time, each in a transaction of its own. With fsync
// that is two syncs of the disk for each. It offers no way to put several.
//
// # How
//
// Wrap stands before the exporter's queue. While a put is under way, what else
// comes waits, and is then put as one request. What comes alone does not wait.
//
//	request   up to 100 records and 256 KiB of bodies; a larger one goes by itself, beside the others
//	group     up to 1,000 records and 2 MiB
//
// A group is taken or refused as a whole, but by a queue without room for all,
// which takes the requests that it has room for. A sender whose context ends
// while it waits gets the context's error, and nothing of its request is put.
// One whose request is being put waits for the outcome.
//
// The context of a group is no sender's: it has no client's address and no
// deadline. Its span, exporter/group_commit, is the root of a trace and has a
// link to the span of each sender. So a client's metadata (include_metadata),
// which the queue stores and batches go by, keeps its request out of groups.
// Nor are there groups where the queue blocks when it is full: it would block a
// group for a sender that has gone away.
//
// # When to delete it
//
// When the queue itself puts what waits together: TestTransactions fails then.
// Nothing else depends on this package, and it depends on nothing of
// internal/queuestore, which stays.
package groupcommit
