package httpsend

import (
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// fromWarn returns the logger without what is below Warn. zap complains of each logger that
// is quieter already.
func fromWarn(logger *zap.Logger) *zap.Logger {
	if !logger.Core().Enabled(zap.WarnLevel) {
		return logger
	}
	return logger.WithOptions(zap.IncreaseLevel(zap.WarnLevel))
}

// interrupted rewrites what exporterhelper logs at a shutdown, at Error, of a push
// that was waiting for its next attempt: "Exporting failed. Dropping data." with
// "interrupted due to shutdown". Nothing is dropped there: on disk the records
// stay, and those in memory are tried once more.
type interrupted struct {
	zapcore.Core
	truth string
}

func withoutFalseAlarm(logger *zap.Logger, onDisk bool) *zap.Logger {
	truth := "Stopped while events waited to be sent again; they are tried once more"
	if onDisk {
		truth = "Stopped while events waited to be sent again; none is dropped, they stay in the queue on disk"
	}
	return logger.WithOptions(zap.WrapCore(func(next zapcore.Core) zapcore.Core { return &interrupted{next, truth} }))
}

func (c *interrupted) With(fields []zapcore.Field) zapcore.Core {
	return &interrupted{c.Core.With(fields), c.truth}
}

func (c *interrupted) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level == zapcore.ErrorLevel && strings.HasPrefix(entry.Message, "Exporting failed. Dropping data.") {
		return checked.AddCore(entry, c)
	}
	return c.Core.Check(entry, checked)
}

// Write gets what Check took.
func (c *interrupted) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	var events []zapcore.Field
	stopped := false
	for _, f := range fields {
		err, isError := f.Interface.(error)
		switch {
		case isError && strings.HasPrefix(err.Error(), "interrupted due to shutdown"):
			stopped = true
		case f.Key == "dropped_items":
			f.Key = "events"
			events = append(events, f)
		}
	}
	if stopped {
		entry.Level, entry.Message, entry.Stack, fields = zapcore.InfoLevel, c.truth, "", events
	}
	if checked := c.Core.Check(entry, nil); checked != nil {
		checked.Write(fields...)
	}
	return nil
}
