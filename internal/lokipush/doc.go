// Package lokipush reads and writes the wire format of Loki's push API, POST
// /loki/api/v1/push, without a tree in between. The format is that of
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs; where that
// says nothing, it is what Loki 3.7 accepts.
//
// A request holds streams; a stream has labels and entries; an entry has a timestamp in
// nanoseconds since the epoch, a line, and structured metadata.
//
// A Request belongs to one goroutine; encodings are safe for concurrent use.
package lokipush
