package certainly

import (
	"cmp"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
	"github.com/handoff-engine/handoff/conversation"
)

// words gives what the user wrote: the text of the older shape, or the actions of the newer one. An action without a text
// is named by its type, so that nothing a human says vanishes. Files that cannot be reached are mentioned.
func words(m loose.Object) string {
	var all []string
	if text := m.Text("message"); text != "" {
		all = append(all, text)
	} else {
		for _, a := range loose.ListOf[loose.Object](m, "actions") {
			text := cmp.Or(a.Text("text"), a.Text("message"), a.Text("title"))
			if text == "" && a.Text("type") != "" {
				text = "[unsupported: " + a.Text("type") + "]"
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
func attachments(m loose.Object) (files []conversation.Attachment, unreachable int) {
	for _, a := range loose.ListOf[attachment](m, "attachments") {
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
	var text loose.Text
	var o loose.Object
	_, _ = text.UnmarshalJSON(b), o.UnmarshalJSON(b)
	for _, address := range []string{string(text), o.Text("url"), o.Text("src"), o.Text("link")} {
		if !connector.IsWebAddress(address) {
			continue
		}
		a.file = conversation.Attachment{URL: address, Name: cmp.Or(o.Text("name"), o.Text("filename"), connector.FileNameIn(address))}
		if kind := cmp.Or(o.Text("content_type"), o.Text("mime_type"), o.Text("type")); strings.Contains(kind, "/") {
			a.file.ContentType = kind
		}
		return nil
	}
	return nil
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
		all = append(all, card.Text("title"), card.Text("text"), card.Text("image_destination_url"))
		for _, button := range loose.ListOf[loose.Object](card, "buttons") {
			if title := button.Text("title"); title != "" {
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
func person(m loose.Object) conversation.Customer {
	profile := m.Object("user_profile")
	p := conversation.Customer{
		Name: cmp.Or(profile.Text("name"), lineOf(
			cmp.Or(profile.Text("firstname"), profile.Text("first_name"), profile.Text("firstName")),
			cmp.Or(profile.Text("surname"), profile.Text("last_name"), profile.Text("lastName")),
		)),
		Email: profile.Text("email"), Phone: profile.Text("phone"), Language: profile.Text("language"),
	}
	addVariables(&p, m.Object("user_cvars"))
	return p
}

func lineOf(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), " ")
}

// addVariables adds what a bot collected: name, email, phone and language are known, other scalars become fields, but for
// those left out.
func addVariables(p *conversation.Customer, variables loose.Object, except ...string) {
	for _, key := range variables.Keys() {
		value := variables.Text(key)
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
