package queuestore

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"
)

var errNoLogs = errors.New("no log record in it")

// logsOf identifies an item of a queue of plain logs: each a LogsRequest
// (format_version fixed32 = 1, …), whose context has no fixed order of bytes,
// or a bare LogsData as older versions wrote it.
func logsOf(item []byte) ([]byte, error) {
	_, logs, err := request.UnmarshalLogs(item)
	if errors.Is(err, request.ErrInvalidFormat) {
		logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(item)
		if err == nil && logs.LogRecordCount() == 0 {
			// Protobuf decodes an empty value and much else as "only unknown fields".
			err = errNoLogs
		}
	}
	if err != nil {
		return nil, err
	}
	return (&plog.ProtoMarshaler{}).MarshalLogs(logs)
}

// alone is a queue without a neighbor in its storage.
type alone struct{}

func (alone) Open(context.Context, storage.Client) error { return nil }
func (alone) Close()                                     {}
