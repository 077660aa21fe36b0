package system

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// The ports come from below the range that the operating system gives to outgoing connections: a port whose process was
// killed must be free when the process comes back.
const (
	firstPort = 20000
	portCount = 10000
)

// given are the ports of this test process, so that systems that run side by side do not meet.
var given sync.Map

// FreePort gives a port of 127.0.0.1 that nobody uses now.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 200 {
		port := firstPort + rand.IntN(portCount)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			continue
		}
		return port
	}
	t.Fatal(fmt.Errorf("no free port between %d and %d", firstPort, firstPort+portCount))
	return 0
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
