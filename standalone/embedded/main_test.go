package embedded_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/handoff-engine/handoff/standalone/embedded"
)

// serveDir makes this test binary a server of its own, so that a test can kill it.
const serveDir = "EMBEDDED_TEST_SERVE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveDir); dir != "" {
		os.Exit(serve(dir))
	}
	os.Exit(m.Run())
}

// serve runs a server until the process is killed or standard input ends, which
// it does when the test ends.
func serve(dir string) int {
	s, err := embedded.Start(context.Background(), embedded.Config{DataDir: dir, NoUI: true})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("serving", s.Address())
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 0
}
