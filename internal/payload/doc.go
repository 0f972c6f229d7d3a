// Package payload holds log records in the form in which they are sent. A record
// is encoded once, when it arrives, and compressed there with those that came with
// it. That form waits in the sending queue, in memory or on disk, and payloads are
// put together from it.
//
//	Builder        puts records, which their backend encodes, into a Request
//	Request        is queued, merged, split and stored by exporterhelper
//	QueueEncoding  stores requests
//	Cursor         gives the records of a Request in the order in which they are sent
//	Payload        is the body of one HTTP request, within the destination's limits
//
// A request consists of blocks. A block that is sent whole goes into the payload as
// it is, compressed. Blocks are unpacked only where a request has to be divided,
// because the destination rejects it or a part of it.
//
// Blocks and records are not changed once they are built; of a Request, only
// MergeSplit changes what it consists of. A Cursor and a Payload are for one
// goroutine at a time.
package payload
