package embedded

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the file for this process alone. The system gives it free when
// the process ends, however it ends. The locked byte lies far behind the
// process id, so that others can still read that.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 20})
}
