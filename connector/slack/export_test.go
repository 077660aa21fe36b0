package slack

import "time"

// Admitted gives how many of n calls are let in that come to a queue before the first of them takes its turn.
func Admitted(n int, silence time.Duration) (admitted int) {
	l := &lane{pace: paceOf("chat.postMessage"), due: time.Now().Add(-silence)}
	for range n {
		if l.join() <= maxWait {
			admitted++
		} else {
			l.leave()
		}
	}
	return admitted
}
