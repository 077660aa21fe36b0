package landbot

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// content gives a message's words and file. The vendor documents the data of few types, so that the rest goes by what
// the data holds; what holds nothing that can be shown is named by its type. Only hidden messages give nothing: they
// are made by pages, for the flow.
func (m hookMessage) content() (string, *conversation.Attachment) {
	if m.Type == "hidden" {
		return "", nil
	}
	text := m.Data.text("body")
	switch m.Type {
	case "text":
		return text, nil
	case "button":
		return firstOf(text, string(m.Raw.Payload)), nil
	case "dialog":
		return lines(m.Data.text("title"), text, "- ", m.Data.list("buttons")), nil
	case "iframe":
		return m.Data.text("url"), nil
	case "card_template":
		return lines(m.Data.text("title"), lines(text, m.Data.text("footer"), "", nil), "", nil), nil
	}
	if file := m.Data.file(); file != nil {
		return firstOf(m.Data.text("caption"), text), file
	}
	return firstOf(text, m.Data.text("title"), "[unsupported: "+string(m.Type)+"]"), nil
}

// file finds the address of a file, or a place.
func (o object) file() *conversation.Attachment {
	if url := o.text("url"); strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		name := path.Base(strings.SplitN(strings.SplitN(url, "?", 2)[0], "#", 2)[0])
		if !strings.Contains(name, ".") || strings.HasSuffix(url, "/") {
			name = ""
		}
		return &conversation.Attachment{URL: url, Name: firstOf(o.text("name"), name)}
	}
	lat, ok := o.float("latitude")
	long, both := o.float("longitude")
	if ok && both {
		return &conversation.Attachment{Latitude: lat, Longitude: long}
	}
	return nil
}

// list gives the texts of a list of texts.
func (o object) list(key string) []string {
	var raw []looseText
	_ = json.Unmarshal(o[key], &raw)
	var out []string
	for _, t := range raw {
		if t != "" {
			out = append(out, string(t))
		}
	}
	return out
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
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
func personOf(o object, except ...string) conversation.Customer {
	known := []string{"name", "email", "phone", "language"}
	p := conversation.Customer{
		Name: o.text("name"), Email: o.text("email"), Phone: o.text("phone"), Language: o.text("language"),
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value := o.text(key)
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
