package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// deskPage is what the page of the team's own desk is shown.
type deskPage struct {
	Tickets []struct {
		ID       string
		Closed   bool
		Messages []struct{ Role, Text string }
	}
	Wire []struct {
		Out    bool
		Type   string
		Status int
	}
}

// tell sends an event until it is stored, as the contract says.
func (d device) tell(t *testing.T, event string) {
	t.Helper()
	require.Eventually(t, func() bool { return d.do(t, http.MethodPost, "/events", event).StatusCode == http.StatusOK },
		20*time.Second, 200*time.Millisecond)
}

func TestATeamsOwnSiteIsServedByTheTeamsOwnDesk(t *testing.T) {
	p := start(t, t.TempDir(), "127.0.0.1:0")
	d := device{program: p, channel: "own-site", key: "u-0f8fad5b-d9cb-469f-a165-70867728950e"}
	d.token = p.post(t, "/app/token", map[string]any{"id": d.key, "to": "own-site"})["token"].(string)
	d.tell(t, `{"id":"m1","type":"customer.message","text":"My pot is broken"}`)
	desk := func(ticket string, done func(deskPage) bool) deskPage {
		return watch(t, p.base+"/playground/api/own-desk/stream?ticket="+ticket, done)
	}
	ticket := desk("", func(d deskPage) bool { return len(d.Tickets) > 0 }).Tickets[0].ID
	path := "/own-desk/tickets/" + ticket
	p.post(t, path+"/take", map[string]any{"agent": "robin"})
	p.post(t, path+"/notes", map[string]any{"agent": "robin", "id": "n1", "text": "between us"})
	p.post(t, path+"/messages", map[string]any{"agent": "robin", "id": "a1", "text": "A new one is on its way."})
	said := d.hear(t, "A new one is on its way.")
	require.NotContains(t, said, "agent: between us")
	d.tell(t, `{"id":"m2","type":"customer.message","text":"Thank you"}`)
	desk(ticket, func(d deskPage) bool {
		return slices.ContainsFunc(d.Tickets[0].Messages, func(m struct{ Role, Text string }) bool { return m.Text == "Thank you" && m.Role == "customer" })
	})
	p.post(t, path+"/close", map[string]any{"agent": "robin"})
	d.hear(t, "This conversation has ended. Thank you.")
	for _, w := range desk(ticket, func(d deskPage) bool { return d.Tickets[0].Closed }).Wire {
		require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, w.Status, w.Type)
	}
}
