package landbot

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// customer is one person on one channel, and the whole conversation: the vendor
// has no other thing for it.
type customer struct {
	id         int64
	name       string
	channel    Channel
	agent      int64 // 0: none
	bot        int64 // the bot in control; 0: none
	node       string
	landing    bool // the next message runs node instead of leaving it
	dropped    bool // unassigned for inactivity: nobody can say anything
	archived   bool
	blocked    bool
	optedOut   bool // WhatsApp: without an opt-in nothing can be sent
	fields     map[string]field
	messages   []transcript
	seq        int64
	chat       int64
	registered time.Time
	last       time.Time // of the newest message
	spoke      time.Time // when the customer last spoke
	idle       *time.Timer
}

func (c *customer) stopTimer() {
	if c.idle != nil {
		c.idle.Stop()
	}
}

// field is a custom field of a customer.
type field struct {
	Type  string         `json:"type"`
	Extra map[string]any `json:"extra"`
	Value any            `json:"value"`
}

var (
	fieldName       = regexp.MustCompile(`^[a-z0-9_]+$`)
	unknownCustomer = failure(http.StatusNotFound, "customer_id", "Not found")
)

// withCustomer hands the customer of the path to do, or answers 404.
func (s *Server) withCustomer(c call, do func(*customer) reply) reply {
	cu, ok := s.customers[c.id("id")]
	if !ok {
		return unknownCustomer
	}
	return do(cu)
}

// view is the customer as the API shows it.
func (c *customer) view() map[string]any {
	custom := map[string]any{}
	for name, f := range c.fields {
		custom[name] = f.Value
	}
	return map[string]any{
		"id": c.id, "name": c.name, "channel_id": c.channel.ID, "archived": c.archived,
		"agent_id": orNull(c.agent), "unread": c.agent == 0, "last_message": epoch(c.last),
		"register_date": c.registered.Unix(), "custom_fields": custom,
	}
}

func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// epoch is the vendor's timestamp: seconds with microseconds.
func epoch(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func (s *Server) getCustomer(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		return reply{http.StatusOK, map[string]any{"success": true, "customer": cu.view()}}
	})
}

func (s *Server) listCustomers(c call) reply {
	var all []*customer
	for _, cu := range s.customers {
		if cu.matches(c.query) {
			all = append(all, cu)
		}
	}
	slices.SortFunc(all, func(a, b *customer) int { return cmp.Compare(a.id, b.id) })
	from, to, bad := c.page(len(all))
	if bad != nil {
		return *bad
	}
	views := []any{}
	for _, cu := range all[from:to] {
		views = append(views, cu.view())
	}
	return reply{http.StatusOK, map[string]any{"success": true, "total": len(all), "customers": views}}
}

func (c *customer) matches(query map[string]string) bool {
	for name, is := range map[string]string{
		"channel_id": strconv.FormatInt(c.channel.ID, 10),
		"agent_id":   strconv.FormatInt(c.agent, 10),
		"archived":   strconv.FormatBool(c.archived),
	} {
		if want, ok := query[name]; ok && !strings.EqualFold(want, is) {
			return false
		}
	}
	search, by := query["search"], query["search_by"]
	if search == "" {
		return true
	}
	if by == "name" {
		return strings.Contains(c.name, search)
	}
	v, _ := c.fields[by].Value.(string)
	return v == search
}

func (s *Server) getField(c call) reply {
	return s.withField(c, func(cu *customer, name string) reply {
		return reply{http.StatusOK, map[string]any{"success": true, "field": cu.fields[name]}}
	})
}

func (s *Server) createField(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		if _, there := cu.fields[c.path["name"]]; there {
			return failure(http.StatusUnprocessableEntity, "name", "Already exists")
		}
		return s.setField(c, cu)
	})
}

func (s *Server) updateField(c call) reply {
	return s.withField(c, func(cu *customer, _ string) reply { return s.setField(c, cu) })
}

func (s *Server) deleteField(c call) reply {
	return s.withField(c, func(cu *customer, name string) reply {
		delete(cu.fields, name)
		return reply{status: http.StatusNoContent}
	})
}

// withField hands an existing field to do, or answers 404.
func (s *Server) withField(c call, do func(cu *customer, name string) reply) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		name := c.path["name"]
		if _, there := cu.fields[name]; !there {
			return failure(http.StatusNotFound, "name", "Not found")
		}
		return do(cu, name)
	})
}

func (s *Server) setField(c call, cu *customer) reply {
	if !fieldName.MatchString(c.path["name"]) {
		return failure(http.StatusUnprocessableEntity, "name", "Invalid name")
	}
	var f field
	if bad, ok := c.decode(&f); !ok {
		return bad
	}
	if !slices.Contains([]string{"string", "integer", "float", "boolean", "array", "date"}, f.Type) {
		return failure(http.StatusUnprocessableEntity, "type", "Invalid type")
	}
	cu.fields[c.path["name"]] = f
	return done
}

func (s *Server) listAgents(call) reply {
	if s.opts.Unknown.NoAgentsList {
		return failure(http.StatusNotFound, "detail", "Not found")
	}
	list := []map[string]any{}
	for _, a := range s.opts.Agents {
		list = append(list, map[string]any{"id": a.ID, "email": a.Email, "name": a.Name})
	}
	return reply{http.StatusOK, map[string]any{"agents": list}}
}

func (s *Server) listChannels(c call) reply {
	from, to, bad := c.page(len(s.opts.Channels))
	if bad != nil {
		return *bad
	}
	list := []map[string]any{}
	for _, ch := range s.opts.Channels[from:to] {
		// The vendor shows a channel's token in clear.
		list = append(list, map[string]any{
			"id": ch.ID, "name": ch.Name, "type": ch.Type, "active": !ch.Inactive, "token": "channel-token-in-clear",
		})
	}
	return reply{http.StatusOK, map[string]any{"success": true, "total": len(s.opts.Channels), "channels": list}}
}
