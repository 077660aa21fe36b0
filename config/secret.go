package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

const (
	fileScheme = "file:"
	// howToSecret is what to do about an empty secret.
	howToSecret = "Write ${NAME} for the variable NAME, file:/path, or the secret itself, or leave the key out"
)

// reference is `${NAME}`, or `$${`, which stands for a literal `${`, or a `${` that is neither.
var reference = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// expand puts the variables' values in the place of ${NAME}. A value is taken as it is: what looks like a reference in
// it is none.
func expand(raw string, lookup func(string) (string, bool)) (string, error) {
	var errs []error
	text := reference.ReplaceAllStringFunc(raw, func(ref string) string {
		switch ref {
		case "$${":
			return "${"
		case "${":
			errs = append(errs, errors.New("has a ${ that begins no variable's name. Write ${NAME}, or $${ for the two characters themselves"))
			return ""
		}
		name := ref[2 : len(ref)-1]
		value, set := lookup(name)
		switch {
		case !set:
			errs = append(errs, fmt.Errorf("the variable %s is not set. Set it, or write the value in its place", name))
		case value == "":
			errs = append(errs, fmt.Errorf("the variable %s is empty. Set it, or write the value in its place", name))
		}
		return value
	})
	return text, errors.Join(errs...)
}

// readSecret gives the secret that text names: the contents of a file, without the line's end, after "file:", else the
// text itself. Raw is the text before expansion; only that is shown.
func readSecret(text, raw string) (connector.Secret, error) {
	path, isFile := strings.CutPrefix(text, fileScheme)
	if !isFile {
		return connector.Secret(text), nil
	}
	shown := path
	if text != raw {
		shown = "that " + raw + " names"
	}
	if path == "" {
		return "", errors.New("names no file. Write file:/path")
	}
	content, err := os.ReadFile(path)
	var reason *fs.PathError
	switch {
	case errors.As(err, &reason):
		return "", fmt.Errorf("the file %s cannot be read: %w. Make it readable, or name another", shown, reason.Err)
	case err != nil:
		return "", fmt.Errorf("the file %s cannot be read. Make it readable, or name another", shown)
	}
	secret := strings.TrimRight(string(content), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("the file %s is empty. Put the secret into it", shown)
	}
	return connector.Secret(secret), nil
}
