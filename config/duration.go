package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads "1m30s". Its error says what to write; raw is the text as the file has it, which is what people
// are shown.
func parseDuration(text, raw string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && text == raw {
		return 0, fmt.Errorf("%s has no unit. Write %[1]ss, %[1]sm or %[1]sh", raw)
	}
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && text == raw && strings.HasSuffix(text, "d") {
		return 0, fmt.Errorf("%s is in days, which durations do not know. Write %dh", raw, 24*days)
	}
	return 0, fmt.Errorf("%s is no duration. Write one such as 90s, 2m or 1h30m", quote(raw))
}

// Short prints a duration as people write it: 15m, not 15m0s.
func Short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// quote shows a value of the file, cut where it is long.
func quote(raw string) string {
	const longest = 40
	if runes := []rune(raw); len(runes) > longest {
		raw = string(runes[:longest]) + "…"
	}
	return strconv.Quote(raw)
}
