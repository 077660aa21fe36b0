package tiledesk

import (
	"maps"
	"slices"
	"time"
)

// The status numbers of a conversation.
const (
	Temp       = 50
	Unassigned = 100
	Assigned   = 200
	Closed     = 1000
)

type department struct {
	ID, Name, Routing string
	Default           bool
	turn              int
}

func (d department) json() map[string]any {
	return map[string]any{"_id": d.ID, "name": d.Name, "routing": d.Routing, "default": d.Default, "status": 1}
}

// request is a conversation.
type request struct {
	id, requestID, firstText, channel, language, sourcePage string
	status                                                  int
	participants                                            []string
	department                                              string
	lead                                                    *lead
	attributes                                              map[string]any
	notes                                                   []map[string]any
	messages                                                []*message
	created, updated, closed, assigned                      time.Time
	closedBy                                                string
	answered                                                bool
	group                                                   []string // the agents whom the chat engine shows it
	transcript, priority, ratingMessage                     string
	rating                                                  int
}

type message struct {
	id, sender, fullname, text, kind, channel, createdBy string
	attributes, metadata                                 map[string]any
	status                                               int
	created                                              time.Time
}

// departmentOf finds a department; "" is the default one.
func (s *Server) departmentOf(id string) *department {
	for _, d := range s.departments {
		if d.ID == id || id == "" && d.Default {
			return d
		}
	}
	return nil
}

// requestJSON shows a conversation as it is now: with its department, lead and agents, or, bare, with their ids.
func (s *Server) requestJSON(r *request, bare bool) map[string]any {
	agents, bots := []string{}, []string{}
	who := []any{}
	for _, id := range r.participants {
		if len(id) > 4 && id[:4] == "bot_" {
			bots = append(bots, id[4:])
			continue
		}
		agents = append(agents, id)
		for _, u := range s.users {
			if u.ID == id {
				who = append(who, map[string]any{"_id": u.ID, "firstname": u.First, "lastname": u.Last})
			}
		}
	}
	j := map[string]any{
		"_id": r.id, "request_id": r.requestID, "status": r.status, "preflight": false, "hasBot": len(bots) > 0,
		"participants": slices.Clone(r.participants), "participantsAgents": agents, "participantsBots": bots,
		"requester":  map[string]any{"_id": "pu-" + r.lead.id, "uuid_user": r.lead.id, "role": "user", "roleType": 2},
		"lead":       r.lead.json(),
		"first_text": r.firstText, "channel": map[string]any{"name": r.channel}, "channelOutbound": map[string]any{"name": "chat21"},
		"priority": r.priority, "rating": r.rating, "rating_message": r.ratingMessage,
		"ticket_id": slices.Index(s.order, r) + 1, "id_project": s.options.Project, "attributes": maps.Clone(r.attributes), "notes": slices.Clone(r.notes),
		"language": r.language, "sourcePage": r.sourcePage, "createdAt": stamp(r.created), "updatedAt": stamp(r.updated), "__v": 0,
	}
	if !r.assigned.IsZero() {
		j["assigned_at"] = stamp(r.assigned)
	}
	if len(r.participants) == 0 {
		j["participants"] = []string{}
	}
	if bare {
		j["lead"], j["department"] = "lead-"+r.lead.id, r.department
	} else {
		j["department"], j["participatingAgents"], j["participatingBots"] = s.departmentOf(r.department).json(), who, []any{}
	}
	if r.closedBy != "" {
		j["closed_at"], j["closed_by"], j["duration"], j["transcript"] = stamp(r.closed), r.closedBy, r.closed.Sub(r.created).Milliseconds(), r.transcript
	}
	return j
}

// messageJSON shows a message.
func (s *Server) messageJSON(r *request, m *message) map[string]any {
	j := map[string]any{
		"senderFullname": m.fullname, "type": m.kind, "channel_type": "group", "status": m.status, "_id": m.id, "sender": m.sender,
		"recipient": r.requestID, "text": m.text, "id_project": s.options.Project, "createdBy": m.createdBy,
		"attributes": maps.Clone(m.attributes), "channel": map[string]any{"name": m.channel}, "createdAt": stamp(m.created), "updatedAt": stamp(m.created), "__v": 0,
	}
	if m.metadata != nil {
		j["metadata"] = m.metadata
	}
	return j
}

// messageWithRequest shows a message with its conversation in it, as answers and webhooks do.
func (s *Server) messageWithRequest(r *request, m *message) map[string]any {
	j := s.messageJSON(r, m)
	j["request"] = s.requestJSON(r, false)
	return j
}
