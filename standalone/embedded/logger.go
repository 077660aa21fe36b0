package embedded

import (
	"context"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// silent is above every level that the server logs at.
const silent = slog.LevelError + 1

// largePage is what the server warns of whenever the web UI shows a history: the
// UI asks for 1,000 events and gets 256, which harms nobody.
const largePage = "GetHistory page size is larger than threshold"

// serverLogger passes on what is worth a person's time: errors while the server
// starts, warnings and errors while it serves, and nothing while it stops, for
// its parts report one another's end as failures then.
type serverLogger struct {
	to    *slog.Logger
	level *slog.LevelVar
}

var (
	_ log.WithLogger  = serverLogger{}
	_ log.SLogWrapper = serverLogger{}
)

func (l serverLogger) Debug(string, ...tag.Tag)          {}
func (l serverLogger) Info(string, ...tag.Tag)           {}
func (l serverLogger) Warn(msg string, tags ...tag.Tag)  { l.log(slog.LevelWarn, msg, tags) }
func (l serverLogger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic, Panic and Fatal do not end the process: whether it ends is for the
// program to decide that embeds the server.
func (l serverLogger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }
func (l serverLogger) Panic(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l serverLogger) Fatal(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }

// With gives a logger that adds tags to each line.
func (l serverLogger) With(tags ...tag.Tag) log.Logger {
	args := make([]any, 0, len(tags))
	for _, t := range tags {
		args = append(args, slog.Any(t.Key(), t.Value()))
	}
	return serverLogger{to: l.to.With(args...), level: l.level}
}

// SLog gives the logger beneath.
func (l serverLogger) SLog() *slog.Logger { return l.to }

func (l serverLogger) log(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if level < l.level.Level() || msg == largePage || !l.to.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	l.to.LogAttrs(ctx, level, msg, attrs...) //nolint:sloglint // the message is a constant of the server's
}
