package playground

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/standalone/playground/shop"
)

const (
	gather    = 25 * time.Millisecond // changes that come together are shown together
	heartbeat = 15 * time.Second      // finds out that a page is gone
)

// chatSnapshot is all that the customer's page shows.
type chatSnapshot struct {
	Chat     shop.ChatView `json:"chat"`
	Status   Status        `json:"status"`
	Workflow string        `json:"workflow,omitempty"`
}

// deskSnapshot is all that the agent's page shows.
type deskSnapshot struct {
	Desk   shop.DeskView     `json:"desk"`
	Status map[string]Status `json:"status"`
}

func (p *Playground) chatStream(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := p.vendor.Chat(id); err != nil {
		fail(w, err)
		return
	}
	conversation := p.cfg.Channel + ":" + id
	p.stream(w, r, p.vendor.Changed, func(viewer any) (any, error) {
		chat, err := p.vendor.Chat(id)
		status := p.board.want(viewer, []string{conversation})[conversation]
		snapshot := chatSnapshot{Chat: chat, Status: status}
		if status.State != "" {
			snapshot.Workflow = p.cfg.Info.WorkflowURL + conversation
		}
		return snapshot, err
	})
}

func (p *Playground) deskStream(w http.ResponseWriter, r *http.Request) {
	selected := r.URL.Query().Get("ticket")
	p.stream(w, r, p.vendor.Changed, func(viewer any) (any, error) {
		desk := p.vendor.Desk(selected)
		var look []string
		for _, t := range desk.Tickets {
			if !t.Closed || t.ID == selected {
				look = append(look, t.Conversation)
			}
		}
		return deskSnapshot{Desk: desk, Status: p.board.want(viewer, look)}, nil
	})
}

// ownDeskStream sends what the team's own desk knows. Nothing is asked of handoff: such a desk knows what it was told.
func (p *Playground) ownDeskStream(w http.ResponseWriter, r *http.Request) {
	selected := r.URL.Query().Get("ticket")
	p.stream(w, r, p.desk.Changed, func(any) (any, error) { return p.desk.View(selected), nil })
}

// stream sends what snapshot gives, whole, whenever it differs from what was sent
// before. So a page that connects again has missed nothing, and needs to remember
// nothing.
func (p *Playground) stream(
	w http.ResponseWriter, r *http.Request, changed func() <-chan struct{}, snapshot func(viewer any) (any, error),
) {
	viewer := new(int) // a name for this stream
	defer p.board.forget(viewer)
	out := http.NewResponseController(w)
	// The server's time limits are for short requests and answers.
	_, _ = out.SetReadDeadline(time.Time{}), out.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, "retry: 700\n\n")

	var last []byte
	for {
		vendorChanged, statusChanged := changed(), p.board.updated()
		view, err := snapshot(viewer)
		if err != nil {
			return
		}
		now, err := json.Marshal(view)
		if err != nil {
			return
		}
		if !bytes.Equal(now, last) {
			last = now
			if _, err := fmt.Fprintf(w, "event: snapshot\nid: %d\ndata: %s\n\n", time.Now().UnixMilli(), now); err != nil {
				return
			}
		} else if _, err := fmt.Fprint(w, ":\n\n"); err != nil {
			return
		}
		if out.Flush() != nil || !p.waitForChange(r, vendorChanged, statusChanged) {
			return
		}
	}
}

// waitForChange reports false when the page is gone, or the process stops.
func (p *Playground) waitForChange(r *http.Request, vendorChanged, statusChanged <-chan struct{}) bool {
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-p.ended:
		return false
	case <-beat.C:
		return true
	case <-vendorChanged:
	case <-statusChanged:
	}
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(gather):
		return true
	}
}
