package testnet

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// openLog opens the log file of a bureau's node to append to it.
func (c *Consortium) openLog(bureau string) (*os.File, error) {
	return os.OpenFile(c.LogPath(bureau), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// LogPath returns the path of the log file of a bureau's node.
func (c *Consortium) LogPath(bureau string) string { return filepath.Join(c.dir, bureau, "node.log") }

func newLogger(f *os.File, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: level}))
}

// lastLine returns the end of a log file, at most 400 bytes of one line.
func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.Size() > 4096 {
		f.Seek(-4096, io.SeekEnd)
	}
	data, _ := io.ReadAll(io.LimitReader(f, 4096))
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	line := lines[len(lines)-1]
	return line[:min(len(line), 400)]
}
