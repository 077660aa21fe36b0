package conversation

// Rules numbers. A conversation keeps the number it started with: a change to Apply that alters what is decided is made
// under a new number, behind `if c.Rules >= RulesX`, so that running conversations replay and go on as they began.
const (
	// RulesFirst: the five states, hand-back, reopening, the ladder, the deadlines of Policy.
	RulesFirst = 1

	// CurrentRules is what new conversations are decided by.
	CurrentRules = RulesFirst
)
