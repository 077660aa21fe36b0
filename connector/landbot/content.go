package landbot

import (
	"cmp"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/loose"
	"github.com/handoff-engine/handoff/conversation"
)

// content gives a message's words and file. The vendor documents the data of few types, so that the rest goes by what
// the data holds; what holds nothing that can be shown is named by its type. Only hidden messages give nothing: they
// are made by pages, for the flow.
func (m hookMessage) content() (string, *conversation.Attachment) {
	if m.Type == "hidden" {
		return "", nil
	}
	text := m.Data.Text("body")
	switch m.Type {
	case "text":
		return text, nil
	case "button":
		return cmp.Or(text, string(m.Raw.Payload)), nil
	case "dialog":
		return lines(m.Data.Text("title"), text, "- ", textsOf(m.Data, "buttons")), nil
	case "iframe":
		return m.Data.Text("url"), nil
	case "card_template":
		return lines(m.Data.Text("title"), lines(text, m.Data.Text("footer"), "", nil), "", nil), nil
	}
	if file := fileOf(m.Data); file != nil {
		return cmp.Or(m.Data.Text("caption"), text), file
	}
	return cmp.Or(text, m.Data.Text("title"), "[unsupported: "+string(m.Type)+"]"), nil
}

// file finds the address of a file, or a place.
func fileOf(o loose.Object) *conversation.Attachment {
	if url := o.Text("url"); connector.IsWebAddress(url) {
		return &conversation.Attachment{URL: url, Name: cmp.Or(o.Text("name"), connector.FileNameIn(url))}
	}
	lat, ok := o.Float("latitude")
	long, both := o.Float("longitude")
	if ok && both {
		return &conversation.Attachment{Latitude: lat, Longitude: long}
	}
	return nil
}

// textsOf gives the texts of a list of texts.
func textsOf(o loose.Object, key string) []string {
	var out []string
	for _, t := range loose.ListOf[loose.Text](o, key) {
		if t != "" {
			out = append(out, string(t))
		}
	}
	return out
}

// lines puts two texts and a list under each other, leaving out what is empty.
func lines(first, second, bullet string, list []string) string {
	var all []string
	for _, t := range []string{first, second} {
		if t != "" {
			all = append(all, t)
		}
	}
	for _, t := range list {
		all = append(all, bullet+t)
	}
	return strings.Join(all, "\n")
}

const (
	// maxFields and maxField bound what a flow may hang on a customer.
	maxFields = 50
	maxField  = 1000
)

// person tells what the hook knows about the customer. Custom fields are extra keys there, whatever their type was.
func (m hookMessage) person() conversation.Customer {
	return personOf(m.Customer, "id", "agent_id", "archived", "is_external", "webchat_type")
}

// personOf takes name, email, phone and language, and the rest of the texts as fields, except for those left out.
func personOf(o loose.Object, except ...string) conversation.Customer {
	known := append(ourFields(), "name", "email", "phone", "language")
	p := conversation.Customer{
		Name: o.Text("name"), Email: o.Text("email"), Phone: o.Text("phone"), Language: o.Text("language"),
	}
	for _, key := range o.Keys() {
		value := o.Text(key)
		if value == "" || slices.Contains(known, key) || slices.Contains(except, key) || len(p.Fields) == maxFields {
			continue
		}
		if p.Fields == nil {
			p.Fields = map[string]string{}
		}
		p.Fields[key] = connector.CutText(value, maxField)
	}
	return p
}
