package certainly

import (
	"path"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// words gives what the user wrote: the text of the older shape, or the actions of the newer one. An action without a text
// is named by its type, so that nothing a human says vanishes. Files that cannot be reached are mentioned.
func words(m object) string {
	var all []string
	if text := m.text("message"); text != "" {
		all = append(all, text)
	} else {
		for _, a := range listOf[object](m, "actions") {
			text := firstOf(a.text("text"), a.text("message"), a.text("title"))
			if text == "" && a.text("type") != "" {
				text = "[unsupported: " + a.text("type") + "]"
			}
			all = append(all, text)
		}
	}
	_, unreachable := attachments(m)
	for range unreachable {
		all = append(all, "[attachment]")
	}
	return lines(all...)
}

// attachments gives the user's files that have an address, and how many cannot be passed on.
func attachments(m object) (files []conversation.Attachment, unreachable int) {
	for _, a := range listOf[attachment](m, "attachments") {
		if a.file.URL == "" || len(files) == maxFiles {
			unreachable++
			continue
		}
		files = append(files, a.file)
	}
	return files, min(unreachable, maxFiles)
}

// maxFiles bounds the events of one webhook.
const maxFiles = 20

// attachment is a file: its address as a text, or an object that holds it. The vendor documents neither.
type attachment struct{ file conversation.Attachment }

// UnmarshalJSON takes either, and leaves the address empty for the rest.
func (a *attachment) UnmarshalJSON(b []byte) error {
	var text looseText
	var o object
	_, _ = text.UnmarshalJSON(b), o.UnmarshalJSON(b)
	for _, address := range []string{string(text), o.text("url"), o.text("src"), o.text("link")} {
		if !isAddress(address) {
			continue
		}
		name := path.Base(strings.SplitN(strings.SplitN(address, "?", 2)[0], "#", 2)[0])
		if !strings.Contains(name, ".") || strings.HasSuffix(address, "/") {
			name = ""
		}
		a.file = conversation.Attachment{URL: address, Name: firstOf(o.text("name"), o.text("filename"), name)}
		if kind := firstOf(o.text("content_type"), o.text("mime_type"), o.text("type")); strings.Contains(kind, "/") {
			a.file.ContentType = kind
		}
		return nil
	}
	return nil
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// words gives what the bot said, as the agent reads it: a text, a question with its answers, or cards.
func (d hookData) words() string {
	all := []string{string(d.Text)}
	for _, option := range d.Options {
		if option != "" {
			all = append(all, "- "+string(option))
		}
	}
	for _, card := range d.Cards {
		all = append(all, card.text("title"), card.text("text"), card.text("image_destination_url"))
		for _, button := range listOf[object](card, "buttons") {
			if title := button.text("title"); title != "" {
				all = append(all, "- "+title)
			}
		}
	}
	if text := lines(all...); text != "" || d.Type == "" {
		return text
	}
	return "[unsupported: " + string(d.Type) + "]"
}

// lines puts texts under each other, leaving out what is empty.
func lines(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), "\n")
}

const (
	// maxFields and maxField bound what a bot may hang on a user.
	maxFields = 50
	maxField  = 1000
)

// person tells what a message knows about the user.
func person(m object) conversation.Customer {
	profile := m.object("user_profile")
	p := conversation.Customer{
		Name: firstOf(profile.text("name"), lineOf(
			firstOf(profile.text("firstname"), profile.text("first_name"), profile.text("firstName")),
			firstOf(profile.text("surname"), profile.text("last_name"), profile.text("lastName")),
		)),
		Email: profile.text("email"), Phone: profile.text("phone"), Language: profile.text("language"),
	}
	addVariables(&p, m.object("user_cvars"))
	return p
}

func lineOf(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), " ")
}

// addVariables adds what a bot collected: name, email, phone and language are known, other scalars become fields, but for
// those left out.
func addVariables(p *conversation.Customer, variables object, except ...string) {
	for _, key := range variables.keys() {
		value := variables.text(key)
		if value == "" || slices.Contains(except, key) {
			continue
		}
		value = connector.CutText(value, maxField)
		switch key {
		case "name":
			p.Name = value
		case "email":
			p.Email = value
		case "phone":
			p.Phone = value
		case "language", "lang":
			p.Language = value
		default:
			if len(p.Fields) == maxFields || len(key) > maxField {
				continue
			}
			if p.Fields == nil {
				p.Fields = map[string]string{}
			}
			p.Fields[key] = value
		}
	}
}
