package livechat_test

import "context"

// contextOf is the context of a test, of the standard library's or of the suite's.
func contextOf(t cleaner) context.Context {
	if c, ok := t.(interface{ Context() context.Context }); ok {
		return c.Context()
	}
	return context.Background()
}
