package landbot

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

var belongsToAnother = failure(http.StatusPreconditionFailed, "customer_id", "Customer belongs to another agent")

// assign gives the customer to the agent of the path, or to the token's.
func (s *Server) assign(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		to := c.agent.ID
		if c.path["agent"] != "" {
			to = c.id("agent")
		}
		switch {
		case !s.isAgent(to):
			return failure(http.StatusNotFound, "agent_id", "Not found")
		case cu.blocked:
			return failure(http.StatusPreconditionFailed, "customer_id", "Customer is blocked")
		case cu.agent == to:
			return done
		case cu.agent != 0 && cu.agent != c.agent.ID:
			return belongsToAnother
		}
		s.deliver(s.giveTo(cu, to))
		return done
	})
}

// giveTo makes an agent the customer's, which takes it from the bot.
func (s *Server) giveTo(cu *customer, agent int64) []fake.Hook {
	cu.agent, cu.bot, cu.dropped = agent, 0, false
	s.see(cu, agentName(agent), "assigned", "")
	return s.record(cu, system, event("assign", agent))
}

// event is what the system says of an assignment: its message is a number.
func event(action string, agent int64) said {
	data := map[string]any{"action": action, "agent_id": orNull(agent)}
	return said{kind: "event", data: data, raw: orNull(agent), extras: data}
}

func (s *Server) isAgent(id int64) bool {
	for _, a := range s.opts.Agents {
		if a.ID == id {
			return true
		}
	}
	return false
}

// held hands the customer to do unless another agent has it.
func (s *Server) held(c call, do func(*customer)) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		if cu.agent != 0 && cu.agent != c.agent.ID {
			return belongsToAnother
		}
		do(cu)
		return done
	})
}

func (s *Server) unassign(c call) reply {
	return s.held(c, func(cu *customer) {
		if cu.agent != 0 {
			s.deliver(s.takeAway(cu))
		}
	})
}

func (s *Server) takeAway(cu *customer) []fake.Hook {
	s.see(cu, agentName(cu.agent), "unassigned", "")
	was := cu.agent
	cu.agent = 0
	m := event(s.opts.Unknown.UnassignAction, 0)
	m.raw = was
	return s.record(cu, system, m)
}

func (s *Server) archive(c call) reply {
	return s.held(c, func(cu *customer) {
		cu.archived = true
		s.see(cu, agentName(c.agent.ID), "archived", "")
	})
}

func (s *Server) unarchive(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		cu.archived = false
		s.see(cu, agentName(c.agent.ID), "unarchived", "")
		return done
	})
}

func (s *Server) blockCustomer(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		cu.blocked = true
		return done
	})
}

func (s *Server) unblockCustomer(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		cu.blocked = false
		return done
	})
}

// optOut deletes the opt-ins of a WhatsApp customer.
func (s *Server) optOut(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		if cu.channel.Type != "whatsapp" {
			return failure(http.StatusPreconditionFailed, "channel_id", "Channel has no opt-in")
		}
		cu.optedOut = true
		s.see(cu, agentName(c.agent.ID), "opted_out", "")
		return reply{status: http.StatusNoContent}
	})
}

// assignBot gives the customer to a bot. With launch the node runs, on each
// call; without, it waits for the customer's next message.
func (s *Server) assignBot(c call) reply {
	return s.withCustomer(c, func(cu *customer) reply {
		body := struct {
			Launch *bool  `json:"launch"`
			Node   string `json:"node"`
		}{}
		if len(c.body) > 0 {
			if bad, ok := c.decode(&body); !ok {
				return bad
			}
		}
		if body.Node == "" {
			body.Node = s.opts.Flow.Start
		}
		switch _, there := s.opts.Flow.Nodes[body.Node]; {
		case c.id("bot") != s.opts.Flow.BotID:
			return failure(http.StatusNotFound, "bot_id", "Not found")
		case !there:
			return failure(http.StatusUnprocessableEntity, "node", "Invalid node")
		}
		cu.agent, cu.dropped = 0, false
		cu.bot, cu.node, cu.landing = s.opts.Flow.BotID, body.Node, true
		s.see(cu, "bot", "assigned", body.Node)
		if body.Launch == nil || *body.Launch {
			s.runNode(cu)
		}
		return done
	})
}

// restartIdle starts the clock of the vendor's own unassignment anew.
func (s *Server) restartIdle(cu *customer) {
	cu.stopTimer()
	if s.opts.AutoUnassignAfter == 0 {
		return
	}
	cu.idle = time.AfterFunc(s.opts.AutoUnassignAfter, func() { _ = s.AutoUnassign(cu.id) })
}

// drop is what the vendor does after inactivity: the agent is gone, and neither
// side can say anything until somebody is assigned.
func (s *Server) drop(cu *customer) {
	if cu.agent == 0 {
		return
	}
	hooks := s.takeAway(cu)
	cu.dropped = true
	s.deliver(hooks)
}
