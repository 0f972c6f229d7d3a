// Package queuestore stands between a persistent sending queue and its storage:
// an event that was acknowledged is not lost, whenever the process is killed,
// and a request costs one transaction of the storage instead of three.
//
// Wrap stands around an exporter's Start and hands down a host in which the
// queue's storage extension gives out a client of this package. It looks at the
// operations that exporterhelper's queue asks of the client, and changes them.
// Each file works around one defect. It names the versions that have the defect and
// the test that fails when it is fixed. Then that file can be deleted; the others stay.
//
//	restart.go    a kill during a start loses what was dispatched
//	full.go       a full storage makes the queue delete what it could not read
//	sizes.go      what a full storage refused counts as queued after a restart
//	deferral.go   three transactions for each request
//	damage.go     an index that cannot be read empties the queue, uncounted
//	unfinished.go a file that a full disk left unfinished kills the process
//	file.go       a deleted file takes events, and nobody notices
//	forgotten.go  a queue that no exporter reads any more, and nobody notices
//
// The queue was read and tested at exporterhelper v0.158.0; its file is the same
// up to v0.165.0.
//
// The storage's Batch must be a transaction, as that of file_storage is. If it
// is not, a kill within one may deliver an item twice, as the Delete comes last.
// What needs to know the storage's files works with file_storage alone.
package queuestore
