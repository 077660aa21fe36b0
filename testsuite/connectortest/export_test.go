package connectortest

import "context"

// Judged gives what Run would report about the cases of a group, for tests of the suite itself.
func Judged(ctx context.Context, s Subject, names ...string) string {
	return record(ctx, func(t T) {
		s := s.withDefaults()
		var some []testCase
		for _, c := range expand(t, s) {
			for _, name := range names {
				if c.name == name {
					some = append(some, c)
				}
			}
		}
		for _, c := range some {
			s.judge(t, c, attempt(t.Context(), c, s))
		}
		s.checkExceptions(t, some)
	})
}

// PairFailure plays a pair and gives what went wrong, or "".
func PairFailure(ctx context.Context, channel, desk Subject) string {
	return record(ctx, func(t T) { newPair(t, channel, desk).play() })
}
