package conversation

import "maps"

// learn keeps what an event tells besides what happened.
func (c *Conversation) learn(ev Event) {
	k := &c.Customer
	for _, f := range []struct {
		have *string
		told string
	}{{&k.Name, ev.Customer.Name}, {&k.Email, ev.Customer.Email}, {&k.Phone, ev.Customer.Phone}, {&k.Language, ev.Customer.Language}} {
		if f.told != "" {
			*f.have = f.told
		}
	}
	k.Fields = merged(k.Fields, ev.Customer.Fields)
	switch ev.Kind {
	case CustomerSaid, CustomerLeft, BotSaid, HandoffRequested, ChannelDropped:
		if ev.Ref != "" {
			c.Ref = ev.Ref
		}
		c.ChannelVendor = merged(c.ChannelVendor, ev.Vendor)
	case Delivered, TicketOpened:
		if e := c.effect(ev.Key); e != nil && e.Kind.Side() == DeskSide {
			c.learnDesk(e.Desk, ev.Vendor)
		}
	default:
	}
}

// learnDesk keeps what a desk's connector wants to be given back.
func (c *Conversation) learnDesk(desk string, vendor map[string]string) {
	if len(vendor) == 0 {
		return
	}
	if c.DeskVendors == nil {
		c.DeskVendors = map[string]map[string]string{}
	}
	c.DeskVendors[desk] = merged(c.DeskVendors[desk], vendor)
}

// merged gives a with the entries of b. It makes a new map: an older copy of the state keeps its own.
func merged(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	m := make(map[string]string, len(a)+len(b))
	//workflowcheck:ignore the order of insertion does not matter
	maps.Copy(m, a)
	//workflowcheck:ignore the order of insertion does not matter
	maps.Copy(m, b)
	return m
}
