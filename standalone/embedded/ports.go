package embedded

import (
	"fmt"
	"net"
	"strconv"
)

// A PortError tells that a port is taken and how to choose another.
type PortError struct {
	Port int
	What string // what wanted to listen there
	Flag string // the flag that chooses another
	Err  error
}

// Error is a sentence for the person at the terminal.
func (e *PortError) Error() string {
	return fmt.Sprintf("port %d for %s is taken on %s: stop what listens there, or choose another with %s=<port>",
		e.Port, e.What, Host, e.Flag)
}

// Unwrap gives the system's own error.
func (e *PortError) Unwrap() error { return e.Err }

// choosePort replaces port 0 by a free one, and refuses a port that is taken.
func choosePort(port *int, what, flag string) error {
	l, err := net.Listen("tcp", address(*port))
	if err != nil {
		return &PortError{Port: *port, What: what, Flag: flag, Err: err}
	}
	*port = l.Addr().(*net.TCPAddr).Port
	return l.Close()
}

// freePorts finds n free ports. All are held until the last is found, so that no
// port is given twice.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", address(0))
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func address(port int) string { return net.JoinHostPort(Host, strconv.Itoa(port)) }
