package landbot

import (
	"context"
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The custom fields that we write. The vendor's flows can branch on them, and its hooks show them among the customer's.
const (
	fieldID     = "handoff_id"
	fieldState  = "handoff_state"
	fieldReason = "handoff_reason"
	fieldAgent  = "handoff_agent"
	// fieldTranscript is what was said while the bot was silent.
	fieldTranscript = "handoff_transcript"
)

// ourFields are not what the customer told.
func ourFields() []string {
	return []string{fieldID, fieldState, fieldReason, fieldAgent, fieldTranscript}
}

// setField writes a custom field of the customer. There is one call for a new one and another for one that is there.
func (c *Client) setField(ctx context.Context, op, path, name, value string) error {
	field := path + "fields/" + name + "/"
	body := fieldBody{Type: "string", Extra: map[string]any{}, Value: value}
	err := c.call(ctx, op, http.MethodPut, field, body, nil)
	if connector.KindOf(err) != connector.NotFound {
		return err
	}
	return c.call(ctx, op, http.MethodPost, field, body, nil)
}

// mark writes down that it is us who has the customer, before the customer is assigned: the event of an assignment
// carries the customer's fields, so that one without the mark is somebody else's doing.
func (c *Client) mark(ctx context.Context, op, path string, key conversation.Key) error {
	if !c.config.HandoffOnAssign {
		return nil
	}
	// The key's number differs from call to call: what is before it names the handoff.
	id := string(key)
	if i := strings.LastIndexByte(id, '-'); i > 0 {
		id = id[:i]
	}
	return c.tolerate(op, c.setField(ctx, op, path, fieldID, id))
}

// unmark takes the mark away, before the bot has the customer again: its flow may ask for a human at once.
func (c *Client) unmark(ctx context.Context, op, path string) error {
	if !c.config.HandoffOnAssign {
		return nil
	}
	err := c.call(ctx, op, http.MethodDelete, path+"fields/"+fieldID+"/", nil, nil)
	if connector.KindOf(err) == connector.NotFound {
		return nil
	}
	return c.tolerate(op, err)
}

// tellContext writes down what was said while the bot was silent, before the bot goes on: the end of it, if it is longer
// than a message may be.
func (c *Client) tellContext(ctx context.Context, op, path string, req connector.ResumeRequest) error {
	if !c.config.WriteFields || !req.Launch || len(req.Context) == 0 {
		return nil
	}
	said := []rune(strings.Join(connector.Transcript(req.Context), "\n"))
	return c.tolerate(op, c.setField(ctx, op, path, fieldTranscript, string(said[max(0, len(said)-maxText):])))
}

// tolerate goes on without what is refused for good and is not the matter itself: the customer comes first.
func (c *Client) tolerate(op string, err error) error {
	if kind := connector.KindOf(err); kind.Permanent() {
		c.log.Warn("the vendor refused a by-call, going on without", "op", op, "kind", kind)
		return nil
	}
	return err
}

// fieldWriter is a connection that writes how things stand to the customer's fields (write_fields).
type fieldWriter struct{ *Client }

var _ connector.StateNotifier = fieldWriter{}

// NotifyState writes the state, why it was entered, and the agent's name. Writing the same again changes nothing. The name
// stays when the agent goes, for a flow that asks how it was.
func (w fieldWriter) NotifyState(ctx context.Context, req connector.StateRequest) error {
	const op = "NotifyState"
	path, err := customerPath(op, req.To)
	if err != nil {
		return err
	}
	fields := [][2]string{{fieldState, string(req.Change.To)}, {fieldReason, string(req.Change.Reason)}}
	if name := req.Change.Agent.Name; name != "" {
		fields = append(fields, [2]string{fieldAgent, name})
	}
	for _, f := range fields {
		if err := w.setField(ctx, op, path, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}
