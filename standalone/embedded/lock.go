package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// lock holds a data directory for this process.
type lock struct{ file *os.File }

// A BusyError tells that another process uses the data directory.
type BusyError struct {
	Dir string
	PID int // 0 when unknown
}

// Error is a sentence for the person at the terminal.
func (e *BusyError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("another process (pid %d)", e.PID)
	}
	return fmt.Sprintf("%s is using the data directory %s: stop it, or choose another with --data-dir=<dir>", who, e.Dir)
}

// lockDir takes dir for this process. The file stays after a release: removing
// it would let two processes hold locks on two files of the same name.
func lockDir(dir string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the data directory: %w", err)
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		return nil, &BusyError{Dir: dir, PID: readPID(f)}
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	return &lock{file: f}, nil
}

// readPID reads who holds the lock; 0 when that cannot be told.
func readPID(f *os.File) int {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	return pid
}

func (l *lock) release() error { return l.file.Close() }
