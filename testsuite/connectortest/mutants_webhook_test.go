package connectortest_test

import (
	"bytes"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

func webhookMutants() []mutant {
	return []mutant{
		{
			name: "the signature is not checked", spoil: plant(func(c *memory.Client) uncheckedSignature { return uncheckedSignature{c} }),
			want: []string{"VerifyRejectsTampering", "VerifyRejectsMissing", "VerifyRejectsEmptySecret", "VerifyRejectsOtherSecret", "VerifyRejectsStale"},
		},
		{
			name: "a refusal is of the wrong kind", spoil: plant(func(c *memory.Client) forbiddenSignature { return forbiddenSignature{c} }),
			want: []string{"VerifyRejectsTampering", "VerifyRejectsMissing", "VerifyRejectsEmptySecret", "VerifyRejectsOtherSecret", "VerifyRejectsStale"},
		},
		{name: "the time is not checked", spoil: plant(func(c *memory.Client) timeless { return timeless{c} }), want: []string{"VerifyRejectsStale"}},
		{name: "the clock is read", spoil: plant(func(c *memory.Client) ownClock { return ownClock{c} }), more: true, want: []string{"VerifyAcceptsCaptured"}},
		{name: "only the first secret is tried", spoil: func(_ *memory.Client, o *connectortest.Options) connector.Connector {
			o.WebhookSecrets = o.WebhookSecrets[:min(1, len(o.WebhookSecrets))]
			return openMemory(*o)
		}, want: []string{"VerifyRotates"}},
		{
			name: "the event's id changes with each decoding", more: true,
			spoil: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &changingID{Client: c} },
			want:  []string{"DecodeIsStable", "DecodeRetryKeepsID", "DecodeGolden"},
		},
		{name: "a redelivery has another id", spoil: plant(func(c *memory.Client) arrivalID { return arrivalID{c} }), want: []string{"DecodeRetryKeepsID"}},
		{name: "an event has no id", more: true, spoil: plant(func(c *memory.Client) noID { return noID{c} }), want: []string{"DecodeIsStable", "DecodeHostile"}},
		{
			name: "an unknown type is an error", spoil: plant(func(c *memory.Client) unknownRefused { return unknownRefused{c} }),
			want: []string{"DecodeUnknown", "DecodeGolden"},
		},
		{
			name: "an echo is a message", spoil: plant(func(c *memory.Client) echoHeard { return echoHeard{c} }),
			want: []string{"DecodeEcho", "DecodeGolden"},
		},
		{
			name: "a note carries its text", spoil: plant(func(c *memory.Client) noteSpoken { return noteSpoken{c} }),
			want: []string{"DecodeNotes", "DecodeGolden"},
		},
		{name: "a list makes it panic", spoil: plant(func(c *memory.Client) panics { return panics{c} }), want: []string{"DecodeHostile"}},
		{
			name: "what cannot be read is ignored", spoil: plant(func(c *memory.Client) swallows { return swallows{c} }),
			want: []string{"DecodeHostile", "DecodeGolden"},
		},
		{
			name: "an event is of another conversation", spoil: plant(func(c *memory.Client) astray { return astray{c} }),
			want: []string{"DecodeGolden", "FullHandoff"},
		},
		{
			name: "decoding calls the vendor", more: true,
			spoil: func(c *memory.Client, o *connectortest.Options) connector.Connector { return calls{c, o.Deps.HTTP} },
			want:  []string{"DecodeDoesNoIO"},
		},
	}
}

type uncheckedSignature struct{ *memory.Client }

func (uncheckedSignature) Verify(*connector.Delivery) error { return nil }

type forbiddenSignature struct{ *memory.Client }

func (m forbiddenSignature) Verify(d *connector.Delivery) error {
	if m.Client.Verify(d) != nil {
		return connector.Errorf(memory.Name, "Verify", connector.Forbidden, "no")
	}
	return nil
}

type timeless struct{ *memory.Client }

func (m timeless) Verify(d *connector.Delivery) error {
	at, _ := strconv.ParseInt(d.Header.Get(memory.HeaderTimestamp), 10, 64)
	anytime := *d
	anytime.ReceivedAt = time.Unix(at, 0)
	return m.Client.Verify(&anytime)
}

type ownClock struct{ *memory.Client }

func (m ownClock) Verify(d *connector.Delivery) error {
	late := *d
	late.ReceivedAt = time.Now()
	return m.Client.Verify(&late)
}

// rewritten changes the events that the client decodes.
func rewritten(c *memory.Client, d *connector.Delivery, change func(ev *conversation.Event)) ([]connector.Inbound, error) {
	events, err := c.Decode(d)
	for i := range events {
		if events[i].Typing == nil && events[i].Read == nil {
			change(&events[i].Event)
		}
	}
	return events, err
}

type changingID struct {
	*memory.Client
	n atomic.Int64
}

func (m *changingID) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	return rewritten(m.Client, d, func(ev *conversation.Event) { ev.ID += strconv.FormatInt(m.n.Add(1), 10) })
}

type arrivalID struct{ *memory.Client }

func (m arrivalID) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	return rewritten(m.Client, d, func(ev *conversation.Event) {
		if d.ReceivedAt.Sub(ev.At) > 15*time.Minute {
			ev.ID += "-late"
		}
	})
}

type noID struct{ *memory.Client }

func (m noID) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	return rewritten(m.Client, d, func(ev *conversation.Event) { ev.ID = "" })
}

type unknownRefused struct{ *memory.Client }

func (m unknownRefused) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	if bytes.Contains(d.Body, []byte(`"customer.waved"`)) {
		return nil, connector.Errorf(memory.Name, "Decode", connector.Invalid, "unknown type")
	}
	return m.Client.Decode(d)
}

type echoHeard struct{ *memory.Client }

func (m echoHeard) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	heard := *d
	heard.Body = bytes.ReplaceAll(d.Body, []byte(`"key"`), []byte(`"kee"`))
	return m.Client.Decode(&heard)
}

type noteSpoken struct{ *memory.Client }

func (m noteSpoken) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	return rewritten(m.Client, d, func(ev *conversation.Event) {
		if ev.Kind == conversation.AgentNoted {
			ev.Text = "between us"
		}
	})
}

type astray struct{ *memory.Client }

func (m astray) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	events, err := m.Client.Decode(d)
	for i := range events {
		if events[i].Ref.ID != "" {
			events[i].Ref.ID += "-other"
		}
	}
	return events, err
}

type panics struct{ *memory.Client }

func (m panics) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	if string(d.Body) == "[]" {
		panic("a list")
	}
	return m.Client.Decode(d)
}

type swallows struct{ *memory.Client }

func (m swallows) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	events, _ := m.Client.Decode(d)
	return events, nil
}

type calls struct {
	*memory.Client
	http *http.Client
}

func (m calls) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	if resp, err := m.http.Get("http://127.0.0.1:9/"); err == nil {
		_ = resp.Body.Close()
	}
	return m.Client.Decode(d)
}
