package config

import (
	"fmt"
	"strings"
)

// didYouMean gives ` Did you mean "x"?` for the known word nearest to given, or nothing if none is near.
func didYouMean(given string, known []string) string {
	if near := nearest(given, known); near != "" {
		return fmt.Sprintf(" Did you mean %q?", near)
	}
	return ""
}

// nearest finds the known word that given is most likely a slip for; "" if none is near enough.
func nearest(given string, known []string) string {
	best, bestDistance := "", 1+max(1, len(given)/3)
	for _, word := range known {
		d := distance(plain(given), plain(word))
		if d < bestDistance {
			best, bestDistance = word, d
		}
	}
	return best
}

// plain takes away what people confuse: case, and the mark between words.
func plain(word string) string {
	return strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(strings.ToLower(word))
}

// distance counts the letters to insert, drop, change or swap with their neighbor to make b of a.
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// list joins words as a sentence does: "a", "a or b", "a, b or c".
func list(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + conjunction + " " + words[len(words)-1]
}
