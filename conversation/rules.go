package conversation

// Rules numbers. A conversation keeps the number it started with: a change to Apply that alters what is decided is made
// under a new number, behind `if c.Rules >= RulesX`, so that running conversations replay and go on as they began.
const (
	// RulesFirst: the five states, hand-back, reopening, the ladder, the deadlines of Policy.
	RulesFirst = 1
	// RulesFlows: several desks are tried one after the other, whatever has to be prepared there first; what one of them tells
	// later is never taken for news of the next one's ticket, and a ticket that it may have opened all the same is closed
	// when it shows itself; agents who went away have a while to come back; agents are told what the customer still sees,
	// and what the bot says after the handoff. What follows from a key of the policy or from an ability needs no number: both
	// are copied into the conversation when it starts.
	RulesFlows = 2

	// CurrentRules is what new conversations are decided by.
	CurrentRules = RulesFlows
)
