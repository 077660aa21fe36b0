package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Card is what people see of an Adaptive Card.
type Card struct {
	// Texts are its lines.
	Texts []string
	// Choices are the values that its input offers.
	Choices []string
	Buttons []Button
	// Picture is the address of its image.
	Picture string
}

// Button is a button of a card.
type Button struct {
	Title, Verb string
	Data        map[string]any
	// Submit is what an old client sends instead.
	Submit map[string]any
	URL    string
}

// properties are what elements and actions may have. Teams drops what it does not know; the fake refuses it.
func properties(kind string) []string {
	return map[string][]string{
		"AdaptiveCard":    {"type", "$schema", "version", "body", "actions"},
		"RichTextBlock":   {"type", "id", "inlines"},
		"TextRun":         {"type", "text", "weight", "size", "isSubtle"},
		"Input.ChoiceSet": {"type", "id", "style", "placeholder", "choices"},
		"Image":           {"type", "url", "altText", "selectAction"},
		"Action.Execute":  {"type", "title", "verb", "data", "fallback"},
		"Action.Submit":   {"type", "title", "data"},
		"Action.OpenUrl":  {"type", "title", "url"},
	}[kind]
}

type object = map[string]any

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(o object, key string) string {
	t, _ := o[key].(string)
	return t
}

// typed gives an object of one of the kinds.
func typed(v any, kinds ...string) (object, error) {
	o, ok := v.(object)
	kind := text(o, "type")
	if !ok || !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("%q where one of %v is wanted", kind, kinds)
	}
	for key := range o {
		if !slices.Contains(properties(kind), key) {
			return nil, fmt.Errorf("%s has no property %q", kind, key)
		}
	}
	return o, nil
}

// readCard checks a card and gives what is seen of it.
func readCard(raw json.RawMessage) (*Card, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	o, err := typed(v, "AdaptiveCard")
	if err != nil {
		return nil, err
	}
	if text(o, "version") != "1.5" || len(list(o["body"])) == 0 {
		return nil, errors.New("card without a version or a body")
	}
	c := &Card{}
	for _, e := range list(o["body"]) {
		if err := c.element(e); err != nil {
			return nil, err
		}
	}
	for _, a := range list(o["actions"]) {
		b, err := readButton(a)
		if err != nil {
			return nil, err
		}
		c.Buttons = append(c.Buttons, b)
	}
	if len(c.Buttons) > 6 {
		return nil, errors.New("card with more than six actions")
	}
	return c, nil
}

func (c *Card) element(v any) error {
	e, err := typed(v, "RichTextBlock", "Input.ChoiceSet", "Image")
	if err != nil {
		return err
	}
	switch text(e, "type") {
	case "RichTextBlock":
		var line strings.Builder
		for _, r := range list(e["inlines"]) {
			run, err := typed(r, "TextRun")
			if err != nil {
				return err
			}
			if text(run, "text") == "" {
				return errors.New("TextRun without a text")
			}
			line.WriteString(text(run, "text"))
		}
		c.Texts = append(c.Texts, line.String())
	case "Input.ChoiceSet":
		if text(e, "id") == "" {
			return errors.New("input without an id")
		}
		for _, x := range list(e["choices"]) {
			o, _ := x.(object)
			if text(o, "title") == "" || text(o, "value") == "" {
				return errors.New("choice without a title or a value")
			}
			c.Choices = append(c.Choices, text(o, "value"))
		}
	default:
		if c.Picture = text(e, "url"); !strings.HasPrefix(c.Picture, "https://") {
			return errors.New("image whose address is not https")
		}
	}
	return nil
}

func readButton(v any) (Button, error) {
	a, err := typed(v, "Action.Execute", "Action.OpenUrl")
	if err != nil {
		return Button{}, err
	}
	b := Button{Title: text(a, "title"), Verb: text(a, "verb"), URL: text(a, "url")}
	if text(a, "type") == "Action.OpenUrl" {
		if b.URL == "" {
			return b, errors.New("Action.OpenUrl without an address")
		}
		return b, nil
	}
	b.Data, _ = a["data"].(object)
	if b.Title == "" || b.Verb == "" || b.Data == nil {
		return b, errors.New("Action.Execute without a title, a verb or data")
	}
	if a["fallback"] != nil {
		f, err := typed(a["fallback"], "Action.Submit")
		if err != nil {
			return b, err
		}
		b.Submit, _ = f["data"].(object)
	}
	return b, nil
}
