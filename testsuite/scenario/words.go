package scenario

import (
	"slices"
	"strings"
	"unicode"
)

// word is one word of a line, or what stood between quotes.
type word struct {
	text   string
	quoted bool
	// from and to are where it stands in the line.
	from, to int
}

// quotes maps each opening quote to its closing one.
func quotes(r rune) (rune, bool) {
	switch r {
	case '"', '\'':
		return r, true
	case '“':
		return '”', true
	case '„':
		return '“', true
	case '‘':
		return '’', true
	case '«':
		return '»', true
	}
	return 0, false
}

// split cuts a line into words. A quote opens only at the beginning of a word and closes only at an end of one, so
// that apostrophes are letters; a # that begins a word begins a comment.
func split(line string) []word {
	var words []word
	runes := []rune(line)
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		if runes[i] == '#' {
			break
		}
		if end, ok := closing(runes, i); ok {
			words = append(words, word{text: string(runes[i+1 : end]), quoted: true, from: i, to: end + 1})
			i = end + 1
			continue
		}
		from := i
		for i < len(runes) && !unicode.IsSpace(runes[i]) {
			i++
		}
		text := string(runes[from:i])
		// Commas, and the colon of "policy key:", belong to the sentence.
		if trimmed := strings.TrimRight(text, ",:"); trimmed != "" {
			text = trimmed
		}
		words = append(words, word{text: text, from: from, to: i})
	}
	return words
}

// closing finds the end of the quotation that begins at i.
func closing(runes []rune, i int) (int, bool) {
	want, ok := quotes(runes[i])
	if !ok {
		return 0, false
	}
	for j := i + 1; j < len(runes); j++ {
		atEnd := j+1 == len(runes) || unicode.IsSpace(runes[j+1]) || runes[j+1] == ',' || runes[j+1] == '.'
		if runes[j] == want && atEnd {
			return j, true
		}
	}
	return 0, false
}

// form is the form of a sentence: words, words to choose from (says|writes), words that may be left out (the), and
// places for what the writer fills in <text>.
type form []part

type part struct {
	choices  []string
	optional bool
	place    string
}

// parseForm reads a form as the tables of verbs write it.
func parseForm(s string) form {
	var f form
	for field := range strings.FieldsSeq(s) {
		var p part
		if inner, ok := strings.CutPrefix(field, "("); ok {
			p.optional, field = true, strings.TrimSuffix(inner, ")")
		}
		if inner, ok := strings.CutPrefix(field, "<"); ok {
			p.place = strings.TrimSuffix(inner, ">")
		} else {
			p.choices = strings.Split(field, "|")
		}
		f = append(f, p)
	}
	return f
}

// args are what the writer filled in, by place.
type args map[string]string

// subject is the place of a sentence's first word.
const subject = "(subject)"

// match gives what fills the places of the form, if the words have it. The last place takes the rest of the line; any
// other takes one word or one quotation.
func (f form) match(line string, words []word) (args, bool) {
	if len(f) == 0 {
		return args{}, len(words) == 0
	}
	p, rest := f[0], f[1:]
	if p.place != "" {
		for n := range taken(p, rest, words) {
			if a, ok := rest.match(line, words[n:]); ok {
				a[p.place] = rendered(line, words[:n])
				return a, true
			}
		}
		return nil, false
	}
	if len(words) > 0 && !words[0].quoted && slices.Contains(p.choices, strings.TrimRight(strings.ToLower(words[0].text), ".")) {
		if a, ok := rest.match(line, words[1:]); ok {
			if words[0].from == 0 {
				a[subject] = strings.ToLower(words[0].text)
			}
			return a, true
		}
	}
	if p.optional {
		return rest.match(line, words)
	}
	return nil, false
}

// taken gives the numbers of words that a place may take, the likeliest first.
func taken(p part, rest form, words []word) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if len(words) == 0 {
			return
		}
		if words[0].quoted {
			yield(1)
			return
		}
		most := 1
		if len(rest) == 0 || p.place == "duration" || p.place == "list" {
			most = len(words)
		}
		for n := most; n >= 1; n-- {
			if !yield(n) {
				return
			}
		}
	}
}

// rendered gives the words as they stand in the line, a quotation without its quotes.
func rendered(line string, words []word) string {
	if len(words) == 1 {
		return words[0].text
	}
	return strings.TrimRight(string([]rune(line)[words[0].from:words[len(words)-1].to]), " ")
}
