package node

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"time"

	"github.com/hashicorp/go-hclog"
)

// raftLogger lets Raft log through slog.
func raftLogger(l *slog.Logger) hclog.Logger {
	return &hclogAdapter{Logger: hclog.NewNullLogger(), slog: l.With("part", "raft")}
}

// hclogAdapter forwards records and drops what hclog has beyond them.
type hclogAdapter struct {
	hclog.Logger
	slog *slog.Logger
}

var levels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug - 4, hclog.Debug: slog.LevelDebug, hclog.Info: slog.LevelInfo,
	hclog.Warn: slog.LevelWarn, hclog.Error: slog.LevelError,
}

func (a *hclogAdapter) Log(level hclog.Level, msg string, args ...any) {
	if !a.slog.Enabled(context.Background(), levels[level]) {
		return
	}
	plain := make([]any, len(args))
	for i, v := range args {
		plain[i] = printable(v)
	}
	a.slog.Log(context.Background(), levels[level], msg, plain...)
}

// printable makes text of what slog's JSON would show as an empty object.
func printable(v any) any {
	switch v := v.(type) {
	case hclog.Format:
		if len(v) > 0 {
			return fmt.Sprintf(fmt.Sprint(v[0]), v[1:]...)
		}
		return ""
	case error, string, bool, int, int64, uint64, time.Duration:
		return v
	}
	return fmt.Sprint(v)
}

func (a *hclogAdapter) Trace(msg string, args ...any) { a.Log(hclog.Trace, msg, args...) }
func (a *hclogAdapter) Debug(msg string, args ...any) { a.Log(hclog.Debug, msg, args...) }
func (a *hclogAdapter) Info(msg string, args ...any)  { a.Log(hclog.Info, msg, args...) }
func (a *hclogAdapter) Warn(msg string, args ...any)  { a.Log(hclog.Warn, msg, args...) }
func (a *hclogAdapter) Error(msg string, args ...any) { a.Log(hclog.Error, msg, args...) }

func (a *hclogAdapter) With(args ...any) hclog.Logger {
	return &hclogAdapter{a.Logger, a.slog.With(args...)}
}
func (a *hclogAdapter) Named(name string) hclog.Logger { return a.With("name", name) }
func (a *hclogAdapter) ResetNamed(string) hclog.Logger { return a }

func (a *hclogAdapter) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }
func (a *hclogAdapter) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(io.Discard, "", 0)
}
