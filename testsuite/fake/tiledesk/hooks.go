package tiledesk

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// subscription is one webhook for one event.
type subscription struct{ id, event, target, created string }

func (s *Server) hookJSON(x *subscription) map[string]any {
	return map[string]any{
		"_id": x.id, "target": x.target, "event": x.event, "id_project": s.options.Project, "createdBy": Integration,
		"createdAt": x.created, "updatedAt": x.created, "__v": 0,
	}
}

// subscribe makes a webhook. The same once more gives the first one of the event, which may be another (observed).
func (s *Server) subscribe(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct{ Event, Target string }
	if !c.decode(&in) || in.Event == "" || in.Target == "" {
		return refuse(http.StatusInternalServerError, "Error saving object.")
	}
	made := &subscription{s.newID(), in.Event, in.Target, stamp(s.now())}
	shown, again := made, false
	if slices.ContainsFunc(s.subscriptions, func(x *subscription) bool { return x.event == in.Event && x.target == in.Target }) {
		shown, again = s.subscriptions[slices.IndexFunc(s.subscriptions, func(x *subscription) bool { return x.event == in.Event })], true
	} else {
		s.subscriptions = append(s.subscriptions, made)
	}
	j := s.hookJSON(shown)
	j["secret"] = s.secret
	if !again {
		j["global"] = false
	}
	return reply{status: http.StatusOK, body: j, header: http.Header{"X-Hook-Secret": {s.secret}}}
}

func (s *Server) listSubscriptions(call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, x := range s.subscriptions {
		list = append(list, s.hookJSON(x))
	}
	return answer(list)
}

// unsubscribe answers null for one that is not there.
func (s *Server) unsubscribe(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.subscriptions {
		if x.id == c.PathValue("S") {
			s.subscriptions = slices.Delete(s.subscriptions, i, i+1)
			return answer(s.hookJSON(x))
		}
	}
	return answer(nil)
}

// Subscriptions lists what is registered, as "<event> <target>".
func (s *Server) Subscriptions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []string{}
	for _, x := range s.subscriptions {
		list = append(list, x.event+" "+x.target)
	}
	return list
}

// Register makes webhooks for all events at one address, as somebody does by hand.
func (s *Server) Register(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range []string{"message.create", "request.create", "request.update", "request.close", "event.emit.typing.start"} {
		s.subscriptions = append(s.subscriptions, &subscription{s.newID(), event, target, stamp(s.now())})
	}
}

// tell sends an event to all who want it.
func (s *Server) tell(event string, payload map[string]any) {
	if s.switches.NoHooks {
		return
	}
	payload = clone(payload)
	if s.switches.BareAttributes {
		if _, isMessage := payload["recipient"]; isMessage {
			delete(payload["request"].(map[string]any), "attributes")
		} else {
			delete(payload, "attributes")
		}
	}
	var to []*subscription
	for _, x := range s.subscriptions {
		if x.event == event {
			to = append(to, x)
		}
	}
	for _, x := range to {
		shown := x
		if s.switches.OtherHook {
			shown = to[len(to)-1]
		}
		body, _ := json.Marshal(map[string]any{
			"timestamp": s.options.Now().UnixMilli(), "payload": payload, "hook": s.hookJSON(shown), "token": "eyJhbGciOiJIUzI1NiIs.hook." + shown.id,
		})
		s.Hooks.Send(fake.Hook{Op: OpHook, URL: x.target, Body: body, Header: http.Header{
			"Content-Type": {"application/json"}, "X-Hook-Secret": {s.secret}, "User-Agent": {"tiledesk-webhooks"}, "Origin": {"http://localhost:3000"},
		}}, 0)
	}
}
