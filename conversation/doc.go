// Package conversation is the pure model of a handoff: what happens to one customer's conversation between a bot and
// human agents. It imports the standard library only, reads no clock and does no I/O, so that all of its rules can be
// read in one sitting, tested in microseconds, and replayed by a workflow.
//
// # Words
//
// The customer asks for help in a channel (a chat widget, a messenger, an app of one's own). A bot answers first: one
// hosted by the channel's vendor, or one that is called for each message. Agents answer at a desk. A route joins a
// channel, a bot, one or more desks and a policy. A conversation is one customer's engagement on one route; a ticket is
// its counterpart at the desk. An event is something that happened; an effect is something to be done about it.
//
// # States
//
// The state says who owns the conversation, and nothing else does. An epoch is raised at each change of owner; what a
// bot, or handoff itself, wanted to say under an older epoch is withheld. The words of a human are not.
//
//	           asked for                   an agent                      closed by the agent,
//	┌─────┐    a human    ┌─────────┐      takes it     ┌────────────────┐ customer silent       ┌───────┐
//	│ bot ├──────────────►│ waiting ├──────────────────►│ agent-assigned ├──────────────────────►│ ended │
//	└──▲──┘               └────┬────┘                   └────┬──────▲────┘                       └───┬───┘
//	   │                       │                 silent,     │      │ an agent                       │
//	   │                       │ not taken       away, lost, │      │ takes it                       │
//	   │                       │ in time         dropped     │      │                                │
//	   │                       │                ┌────────────▼──────┴┐  nobody found                  │
//	   │                       └───────────────►│ timed-out-reassign ├────────────────► bot or ended  │
//	   │                                        └────────────────────┘                                │
//	   └───────────────── the customer is back while the conversation lingers ────────────────────────┘
//
// And besides:
//
//   - waiting, agent-assigned, timed-out-reassign → bot: handed back by the agent or an operator
//   - bot, waiting, timed-out-reassign → ended: the customer leaves, an operator ends it, the bot is idle or finished
//   - waiting, agent-assigned, timed-out-reassign → waiting: the desk lost the ticket, a new one is opened
//   - agent-assigned → agent-assigned: another agent takes it
//   - ended → waiting: the customer is back, and the policy or the customer wants a human
//
// An ended conversation lingers, so that late redeliveries meet its memory, and is over after that. In each state but
// that last one some deadline is set: no state is without an exit. Deadlines are state and keep their original instant.
//
// # The way of an event
//
//  1. A connector decodes a vendor's webhook into an Event. It is flat and has the vendor's id.
//  2. The workflow calls [Conversation.Apply] with the event and the workflow's time. An event that was seen is a
//     duplicate; one that means nothing in the present state is ignored. Both are counted, neither is an error.
//  3. Apply changes the state and puts effects into the outbox.
//  4. One lane for each side (channel, bot, desk, desks that were left) calls [Conversation.Take] for the next task of its side, in the order
//     decided. Take withholds what must not be done any more. The effects stay in the outbox while they are under way.
//  5. An activity does the task. What came of it is applied as an event again (Delivered, TicketOpened, BotAnswered,
//     EffectFailed, EffectUncertain), and may decide further effects.
//  6. When the earliest deadline ([Conversation.NextDeadline]) has come, the workflow applies DeadlinePassed.
//
// Operators' commands take the same way through [Conversation.Command], which answers each once; [Conversation.Permits]
// says beforehand why one is impossible. [Conversation.Over] says when the workflow may complete. [Conversation.View]
// is what people and programs may look at.
//
// # Promises
//
// The package's tests hold it to these: at most one owner; no state without a deadline or completion; keys never repeat;
// the epoch never falls; what Take gives for a side is in the order decided, but for words that wait until the
// customer writes again, which keep their order among each other; received = applied + duplicates + ignored
// and decided = delivered + withheld + uncertain + failed + pending; a conversation that was written as JSON and read
// again goes on exactly as it would have; an event applied twice changes nothing.
//
// Where to begin: state.go for the states, event.go and effect.go for what goes in and comes out, apply.go for the
// customer's side, bot.go for the bot's, assignment.go for the agents', ticket.go for tickets that are over, ladder.go for
// the deadlines, outcome.go for what came of effects, one file for each further flow (button.go, hours.go, window.go …),
// and testdata/matrix.golden for what each event does in each state.
package conversation
