package connectortest

import (
	"slices"
	"strconv"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

func parallelCases() []entry {
	return []entry{{
		name:      "Parallel",
		why:       "all methods may be called from many goroutines at once, and nothing is lost or doubled by it",
		withWorld: parallel,
	}}
}

func parallel(w *world) {
	const goroutines = 20
	fixtures := w.subject.ordinary(w)
	methods := methodsOf(w.conn)
	speaks := slices.DeleteFunc([]string{methodDeliver, methodPost}, func(m string) bool { return !slices.Contains(methods, m) })
	before := map[string]int{}
	for _, method := range speaks {
		before[method] = len(w.said(method))
	}
	errs := make(chan error, goroutines*(len(speaks)+len(fixtures)))
	var wg sync.WaitGroup
	for i := range goroutines {
		keys := map[string]conversation.Key{methodDeliver: w.key(), methodPost: w.key()}
		wg.Go(func() {
			for _, f := range fixtures {
				errs <- w.conn.Verify(w.subject.signed(f))
				_, _ = w.conn.Decode(w.subject.signed(f))
			}
			for _, method := range speaks {
				_, err := w.say(w.Context(), method, keys[method], "number "+strconv.Itoa(i))
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(w, err)
	}
	for _, method := range speaks {
		got := w.said(method)[before[method]:]
		require.Len(w, got, goroutines, method)
		slices.Sort(got)
		require.Len(w, slices.Compact(got), goroutines, "%s: something arrived twice", method)
	}
}
