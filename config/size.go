package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as people do: 512KB, 25MB, 1GB.
type Size int64

// largest is the largest size that is taken.
const largest = 1 << 40

// parseSize reads "25MB". Its error says what to write; raw is the text as the file has it.
func parseSize(text, raw string) (Size, error) {
	number, bytes := strings.TrimSuffix(text, "B"), int64(1)
	for i, unit := range []string{"K", "M", "G"} {
		if n, ok := strings.CutSuffix(number, unit); ok {
			number, bytes = n, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || !strings.HasSuffix(text, "B") || n <= 0 || n > largest/bytes {
		return 0, fmt.Errorf("%s is no size. Write one such as 512KB or 25MB", quote(raw))
	}
	return Size(n * bytes), nil
}
