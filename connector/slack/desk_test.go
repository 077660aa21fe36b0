package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestOpenShowsOneCardAndTheHistoryInItsThread(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)

	cards := w.Cards(vendor.Support)
	require.Len(t, cards, 1)
	require.Equal(t, vendor.Support+":"+cards[0].TS, ticket.ID)
	require.Contains(t, ticket.URL, "/archives/"+vendor.Support+"/p")
	require.Contains(t, cards[0].Text, "Waiting for an agent since <!date^")
	require.Contains(t, cards[0].Text, "<!subteam^"+vendor.Helpers+">")
	require.NotContains(t, cards[0].Text, "<!channel>", "a name that pings")
	require.NotContains(t, string(cards[0].Blocks), `<!channel>`)
	require.Equal(t, []string{"handoff_claim", "handoff_transfer", "handoff_back", "handoff_close"}, vendor.Buttons(cards[0]))
	require.Equal(t, []string{strings.Join([]string{
		"Name: Ada *Byron* <!channel>", "E-mail: ada@customer.example", "order: 991", "Conversation so far",
		"Ada: Where is <it>?", "Bot: I ask a colleague.",
	}, "\n")}, w.Said(ticket, "handoff_opening"))
	require.NotContains(t, w.Thread(subjects.SlackThread(ticket))[0].Text, "<")
}

func TestOpenIsOneCardWhateverIsLost(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*vendor.Switches)
		fault  func(w *workspace)
	}{
		{"the answer about the card", nil, func(w *workspace) { w.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1)) }},
		{"the answer about the card, where metadata is hidden", func(s *vendor.Switches) { s.HideMetadata = true }, func(w *workspace) {
			w.Faults.Set("chat.postMessage", fake.AcceptThenStatus(http.StatusBadGateway).For(1))
		}},
		{"the card, refused", nil, func(w *workspace) { w.Faults.Set("chat.postMessage", fake.RefuseStatus(503, "").For(1)) }},
		{"the end", nil, func(w *workspace) { w.Faults.Set("chat.getPermalink", fake.RefuseStatus(500, "")) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorkspace(t)
			if tc.change != nil {
				w.Switch(tc.change)
			}
			tc.fault(w)
			c := w.open()
			_, err := c.Open(t.Context(), asked("shop:c1/e1-2"))
			if err != nil {
				require.False(t, connector.KindOf(err).Permanent())
			}
			first, err := c.Open(t.Context(), asked("shop:c1/e1-2"))
			require.NoError(t, err)
			again, err := w.open().Open(t.Context(), asked("shop:c1/e1-2"))
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			require.Len(t, w.Cards(vendor.Support), 1)
			other, err := c.Open(t.Context(), asked("shop:c1/e1-9"))
			require.NoError(t, err)
			require.NotEqual(t, first.ID, other.ID, "another handoff is another thread")
		})
	}
}

func TestALongHistoryIsCompletedOnce(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	req := asked("shop:c1/e1-2")
	req.Transcript[0].Text = strings.Repeat("a long story ", 700)
	// The card and the first part arrive, the second does not.
	w.Faults.Set("chat.postMessage", fake.RateLimit(2, ""))
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	w.Faults.Clear(fake.AnyOp)
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, w.Cards(vendor.Support), 1)
	require.Equal(t, 700, strings.Count(strings.Join(w.Said(ticket, "handoff_opening"), ""), "a long story "))
}

func TestGroupsHaveTheirChannel(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	req := asked("shop:c1/e1-2")
	req.Group = "billing"
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ticket.ID, vendor.Billing+":"))
	req.Group = "nobody"
	_, err = c.Open(t.Context(), req)
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func TestCustomersWordsAreShownAsTheyAreAndPingNobody(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	const text = "<!channel> <@U0SAM0001> *not bold* & <https://evil.example|your bank> // not a note"
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: text})
	require.NoError(t, err)
	posted := w.Thread(subjects.SlackThread(ticket))[1]
	require.Equal(t, text, vendor.Reads(posted))
	require.NotContains(t, posted.Text, "<")
	require.True(t, posted.Plain, "asterisks are shown")
	require.Equal(t, "Ada *Byron* <!channel> (customer)", posted.Username)
	require.Len(t, w.Cards(vendor.Support), 1, "nothing is in the channel itself")
}

func TestWithoutTheScopeForNamesTheAppSpeaks(t *testing.T) {
	w := newWorkspaceWith(t, vendor.Options{Scopes: []string{
		"chat:write", "channels:history", "channels:read", "users:read", "files:read", "files:write", "usergroups:read",
	}})
	c := w.open()
	ticket := w.ticket(c)
	before := w.Faults.Calls("chat.postMessage")
	for _, key := range []conversation.Key{"shop:c1/e1-3", "shop:c1/e1-4"} {
		_, err := c.Post(t.Context(), connector.PostRequest{Key: key, Ticket: ticket, Text: "hello"})
		require.NoError(t, err)
	}
	require.Len(t, w.Said(ticket, "handoff_message"), 2)
	require.Equal(t, 3, w.Faults.Calls("chat.postMessage")-before, "tried with the name once")
	require.NoError(t, c.Check(t.Context()))
}

func TestARepeatIsOneMessageWhereSlackKnowsTheClientsID(t *testing.T) {
	for _, behaviour := range []string{"first", "refuse"} {
		t.Run(behaviour, func(t *testing.T) {
			w := newWorkspace(t)
			w.Switch(func(s *vendor.Switches) { s.ClientMsgID = behaviour })
			c := w.open()
			ticket := w.ticket(c)
			req := connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"}
			first, err := c.Post(t.Context(), req)
			require.NoError(t, err)
			again, err := c.Post(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, first, again)
			require.Equal(t, []string{"hello"}, w.Said(ticket, "handoff_message"))
		})
	}
}

func TestAReplyToADeletedCardIsTakenBackAndTheTicketIsGone(t *testing.T) {
	for _, behaviour := range []string{"", "refuse"} {
		for _, answered := range []bool{true, false} {
			w := newWorkspace(t)
			w.Switch(func(s *vendor.Switches) { s.DeletedCard = behaviour })
			c := w.open()
			ticket := w.ticket(c)
			channel, thread := subjects.SlackThread(ticket)
			if !answered {
				require.NoError(t, w.Deletes(channel, w.Thread(channel, thread)[0].TS))
			}
			require.NoError(t, w.Deletes(channel, thread))
			_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "private words"})
			require.Equal(t, connector.NotFound, connector.KindOf(err), "%q", behaviour)
			require.Empty(t, w.Cards(vendor.Support), "the customer's words stand in the channel")
			require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: "shop:c1/e1-4", Ticket: ticket}))
			err = c.UpdateTicket(t.Context(), connector.UpdateRequest{Key: "shop:c1/e1-5", Ticket: ticket})
			require.Equal(t, connector.NotFound, connector.KindOf(err))
		}
	}
}

func TestALongTextWhosePartFailedIsCompletedOnce(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	text := strings.Repeat("a & b ", 1500)
	req := connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: text}
	w.Faults.Set("chat.postMessage", fake.RateLimit(1, ""))
	_, err := c.Post(t.Context(), req)
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	w.Faults.Clear(fake.AnyOp)
	find := connector.FindRequest{Key: req.Key, Ticket: ticket, Text: text, Since: time.Now()}
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found, "a part of it is not it")
	receipt, err := c.Post(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, text, strings.Join(w.Said(ticket, "handoff_message"), ""))
	got, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, receipt, got)
}

func TestSendsAreFoundByTheirWordsWhereMetadataIsHidden(t *testing.T) {
	w := newWorkspace(t)
	w.Switch(func(s *vendor.Switches) { s.HideMetadata = true })
	c := w.open()
	ticket := w.ticket(c)
	since := time.Now()
	find := func(text string, skip int) bool {
		_, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: "shop:c1/e1-9", Ticket: ticket, Text: text, Since: since, Skip: skip})
		require.NoError(t, err)
		return found
	}
	for _, key := range []conversation.Key{"shop:c1/e1-3", "shop:c1/e1-4"} {
		_, err := c.Post(t.Context(), connector.PostRequest{Key: key, Ticket: ticket, Text: "yes & no"})
		require.NoError(t, err)
	}
	channel, thread := subjects.SlackThread(ticket)
	_, err := w.AgentSays(channel, thread, vendor.Sam, "said by Sam")
	require.NoError(t, err)
	require.True(t, find("yes & no", 0))
	require.True(t, find("yes & no", 1))
	require.False(t, find("yes & no", 2), "both were confirmed")
	require.False(t, find("yes", 0))
	require.False(t, find("said by Sam", 0), "an agent's words are no send of ours")
}

func TestChannelsThatOtherCompaniesShareAreRefused(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	w.Shares(vendor.Support)
	for name, ask := range map[string]func(*slack.Client) error{
		"Open":  func(c *slack.Client) error { _, err := c.Open(t.Context(), asked("shop:c1/e1-9")); return err },
		"Check": func(c *slack.Client) error { return c.Check(t.Context()) },
		"Post": func(c *slack.Client) error {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "private words"})
			return err
		},
		"SendAttachment": func(c *slack.Client) error {
			_, err := c.SendAttachment(t.Context(), attachment(ticket, "a.txt", "", []byte("x")))
			return err
		},
	} {
		err := ask(w.open())
		require.Equal(t, connector.Forbidden, connector.KindOf(err), name)
		require.ErrorContains(t, err, "shared with another company", name)
	}
	channel, thread := subjects.SlackThread(ticket)
	_, err := w.AgentSays(channel, thread, vendor.Guest, "I work elsewhere")
	require.NoError(t, err)
	require.NoError(t, w.AgentClicks(channel, thread, vendor.Guest, "handoff_claim", ""))
	require.Empty(t, kinds(w.events(c)))
}

func TestTheCardShowsHowThingsStand(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	mira, sam := conversation.Author{ID: vendor.Mira, Name: "Mira <!here>"}, conversation.Author{ID: vendor.Sam}
	open := []string{"handoff_claim", "handoff_transfer", "handoff_back", "handoff_close"}
	taken := []string{"handoff_release", "handoff_transfer", "handoff_back", "handoff_close"}
	for _, tc := range []struct {
		name    string
		change  conversation.Change
		waiting time.Time
		want    string
		buttons []string
	}{
		{"waiting", conversation.Change{To: conversation.Waiting}, at.Add(-time.Minute), "Ana: Waiting for an agent since <!date^1772443740^", open},
		{"taken", conversation.Change{To: conversation.Assigned, Agent: mira}, time.Time{}, "Ana: With Mira &lt;!here&gt;", taken},
		{"taken by somebody without a name", conversation.Change{To: conversation.Assigned, Agent: sam}, at, "Ana: With <@U0SAM0001>. The customer waits for an answer since <!date^1772443800^", taken},
		{"lost", conversation.Change{From: conversation.Assigned, To: conversation.Reassigning}, at, "Ana: Waiting for an agent since <!date^1772443800^", open},
		{"back with the bot", conversation.Change{To: conversation.InBot}, time.Time{}, "Ana: Back with the bot", nil},
		{"ended", conversation.Change{To: conversation.Ended}, time.Time{}, "Ana: Ended", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorkspace(t)
			c := w.open()
			ticket := w.ticket(c)
			req := connector.UpdateRequest{
				Key: "shop:c1/e1-5", Ticket: ticket, Change: tc.change, At: at, WaitingSince: tc.waiting, Customer: conversation.Customer{Name: "Ana"},
			}
			w.Faults.Set("chat.update", fake.AcceptThenReset().For(1))
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(c.UpdateTicket(t.Context(), req)))
			require.NoError(t, c.UpdateTicket(t.Context(), req))
			card := w.Card(ticket)
			require.True(t, strings.HasPrefix(card.Text, tc.want), card.Text)
			require.Equal(t, tc.buttons, vendor.Buttons(card))
			require.Len(t, w.Thread(subjects.SlackThread(ticket)), 1, "nothing is said in the thread")
			require.Empty(t, kinds(w.events(c)), "our own updates come back as nothing")
		})
	}
}

func TestATransferMentionsTheNextAgentOnce(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	req := connector.UpdateRequest{Key: "shop:c1/e1-5", Ticket: ticket, Change: conversation.Change{
		From: conversation.Assigned, To: conversation.Assigned, Previous: conversation.Author{ID: vendor.Mira}, Agent: conversation.Author{ID: vendor.Sam},
	}}
	w.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1))
	require.Error(t, c.UpdateTicket(t.Context(), req))
	require.NoError(t, c.UpdateTicket(t.Context(), req))
	require.Equal(t, []string{"// <@U0SAM0001> this conversation is yours now."}, w.Said(ticket, "handoff_note"))
}

func TestClosingTakesTheButtonsAwayAndSaysSoOnce(t *testing.T) {
	for _, byCustomer := range []bool{false, true} {
		w := newWorkspace(t)
		c := w.open()
		ticket := w.ticket(c)
		req := connector.CloseRequest{Key: "shop:c1/e1-6", Ticket: ticket, ByCustomer: byCustomer}
		w.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1))
		require.Error(t, c.CloseTicket(t.Context(), req))
		require.NoError(t, c.CloseTicket(t.Context(), req))
		require.Empty(t, vendor.Buttons(w.Card(ticket)))
		require.Equal(t, byCustomer, strings.Contains(w.Card(ticket).Text, "The customer left"))
		require.Len(t, w.Said(ticket, "handoff_note"), 1)
	}
}

func TestToAssignIsToAsk(t *testing.T) {
	w := newWorkspace(t)
	c := w.open(func(cfg *slack.Config) { cfg.Usergroups["plain"] = "S0009ABCD" })
	ticket := w.ticket(c)
	ask := func(key conversation.Key, agent, group string) connector.Kind {
		return connector.KindOf(c.Assign(t.Context(), connector.AssignRequest{Key: key, Ticket: ticket, Agent: agent, Group: group}))
	}
	w.Faults.Set("chat.postMessage", fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	require.Equal(t, connector.UncertainOutcome, ask("shop:c1/e1-5", vendor.Sam, ""))
	require.Empty(t, ask("shop:c1/e1-5", vendor.Sam, ""))
	require.Empty(t, ask("shop:c1/e1-6", "", "plain"))
	require.Empty(t, ask("shop:c1/e1-7", "", ""))
	require.Equal(t, []string{
		"// <@U0SAM0001> please take this conversation.", "// <!subteam^S0009ABCD> this conversation waits for an agent.",
		"// <!subteam^S0001ABCD> this conversation waits for an agent.",
	}, w.Said(ticket, "handoff_note"), "each once")

	w.SetActive(vendor.Sam, false)
	require.Equal(t, connector.Conflict, ask("shop:c1/e1-8", vendor.Sam, ""), "away")
	w.Leaves(vendor.Sam)
	for _, nobody := range []string{vendor.Sam, vendor.BotUser, "U0NOBODY1", "sam", "C0001ABCD"} {
		require.Equal(t, connector.NotFound, ask("shop:c1/e1-9", nobody, ""), nobody)
	}
	require.Equal(t, connector.NotFound, ask("shop:c1/e1-9", "", "nobody"))
	silent := w.open(func(cfg *slack.Config) { cfg.Usergroup, cfg.Usergroups, cfg.Presence = "", nil, false })
	require.NoError(t, silent.Assign(t.Context(), connector.AssignRequest{Key: "shop:c1/e1-10", Ticket: ticket}))
	require.Equal(t, "// This conversation waits for an agent again.", w.Said(ticket, "handoff_note")[3])
}

func TestAvailabilityIsUnknownUnlessPresenceCounts(t *testing.T) {
	w := newWorkspace(t)
	w.SetActive(vendor.Sam, false)
	ask := func(c *slack.Client) connector.Availability {
		there, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
		require.NoError(t, err)
		return there
	}
	require.Equal(t, connector.Online, ask(w.open()))
	w.SetActive(vendor.Mira, false)
	require.Equal(t, connector.Offline, ask(w.open()))
	require.Equal(t, connector.AvailabilityUnknown, ask(w.open(func(cfg *slack.Config) { cfg.Presence = false })))
	_, err := w.open().Availability(t.Context(), connector.AvailabilityRequest{Group: "nobody"})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func TestNotesAreMarkedAsAgentsMarkTheirs(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	req := connector.NoteRequest{Key: "shop:c1/e1-5", Ticket: ticket, Text: "1 < 2 <!here>"}
	w.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1))
	require.Error(t, c.WriteNote(t.Context(), req))
	require.NoError(t, c.WriteNote(t.Context(), req))
	require.Equal(t, []string{"// 1 < 2 <!here>"}, w.Said(ticket, "handoff_note"))
	require.NotContains(t, w.Thread(subjects.SlackThread(ticket))[1].Text, "<")
}

func TestWhatTheCustomerTakesBackIsTakenBack(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	receipt, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "my card is 4711"})
	require.NoError(t, err)
	long, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: strings.Repeat("x", 5000)})
	require.NoError(t, err)
	edit := func(message, text string, del bool) connector.Kind {
		return connector.KindOf(c.EditMessage(t.Context(), connector.EditRequest{Key: "shop:c1/e1-5", Ticket: ticket, Message: message, Text: text, Delete: del}))
	}
	require.Empty(t, edit(receipt.ID, "my card is <gone>", false))
	require.Equal(t, "my card is <gone>", w.Said(ticket, "handoff_message")[0])
	require.Equal(t, connector.Unsupported, edit(long.ID, "short", false), "two messages do not become one")
	require.Empty(t, edit(long.ID, strings.Repeat("y", 5000), false))
	require.Equal(t, strings.Repeat("y", 5000), strings.Join(w.Said(ticket, "handoff_message")[1:], ""))
	require.Equal(t, connector.Invalid, edit(receipt.ID, " ", false))
	require.Equal(t, connector.Unsupported, edit("F0001", "a file", false))
	require.Equal(t, connector.NotFound, edit("1.000001", "nothing", false))

	require.Empty(t, edit(long.ID, "", true))
	require.Empty(t, edit(long.ID, "", true), "deleted already")
	require.Equal(t, []string{"my card is <gone>"}, w.Said(ticket, "handoff_message"))
	w.Switch(func(s *vendor.Switches) { s.UndeletableUsername = true })
	require.Empty(t, edit(receipt.ID, "", true))
	require.Equal(t, []string{"[deleted by the customer]"}, w.Said(ticket, "handoff_message"))
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	all := []string{"chat:write", "groups:history", "groups:read", "users:read", "files:read", "files:write", "usergroups:read"}
	for _, tc := range []struct {
		name   string
		scopes []string
		spoil  func(w *workspace)
		change func(*slack.Config)
		want   string
		kind   connector.Kind
	}{
		{"everything is there", all, func(*workspace) {}, nil, "", ""},
		{"scopes", []string{"chat:write", "users:read"}, func(*workspace) {}, nil, "files:read, files:write, usergroups:read, groups:history, groups:read", connector.Forbidden},
		{"the bot was not invited", all, func(w *workspace) { w.Removes(vendor.Billing) }, nil, "invite it", connector.NotFound},
		{"an archived channel", all, func(w *workspace) { w.Archives(vendor.Billing) }, nil, "archived", connector.NotFound},
		{"a channel that is not there", all, func(*workspace) {}, func(c *slack.Config) { c.Channel = "C0009NONE" }, "channel_not_found", connector.NotFound},
		{"another workspace", all, func(*workspace) {}, func(c *slack.Config) { c.TeamID = "T0009WXYZ" }, "another workspace", connector.Forbidden},
		{"another token", all, func(*workspace) {}, func(c *slack.Config) { c.BotToken = "xoxb-other" }, "invalid_auth", connector.Unauthenticated},
		{"a revoked token", all, func(w *workspace) { w.Switch(func(s *vendor.Switches) { s.TokenRevoked = true }) }, nil, "token_revoked", connector.Unauthenticated},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorkspaceWith(t, vendor.Options{Scopes: tc.scopes})
			tc.spoil(w)
			change := tc.change
			if change == nil {
				change = func(*slack.Config) {}
			}
			err := w.open(change).Check(t.Context())
			require.Equal(t, tc.kind, connector.KindOf(err))
			if tc.want != "" {
				require.ErrorContains(t, err, tc.want)
			}
			require.Empty(t, w.Cards(vendor.Support), "nothing is written")
		})
	}
}

func TestAChannelThatIsGoneHoldsNoTicket(t *testing.T) {
	for name, spoil := range map[string]func(w *workspace){
		"the bot was removed": func(w *workspace) { w.Removes(vendor.Support) }, "archived": func(w *workspace) { w.Archives(vendor.Support) },
	} {
		w := newWorkspace(t)
		c := w.open()
		ticket := w.ticket(c)
		spoil(w)
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"})
		require.Equal(t, connector.NotFound, connector.KindOf(err), "%s: another ticket is opened, at the next desk if need be", name)
		_, err = w.open().Open(t.Context(), asked("shop:c1/e1-9"))
		require.True(t, connector.KindOf(err).Permanent(), name)
	}
}

// TestUpdatesAndEditsFailLikeTheRest holds the abilities that the suite does not know yet to its promises about errors.
func TestUpdatesAndEditsFailLikeTheRest(t *testing.T) {
	w := newWorkspace(t)
	ticket := w.ticket(w.open())
	receipt, err := w.open().Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "my secret words"})
	require.NoError(t, err)
	for name, do := range map[string]func(c *slack.Client) error{
		"UpdateTicket": func(c *slack.Client) error {
			return c.UpdateTicket(t.Context(), connector.UpdateRequest{Key: "shop:c1/e1-4", Ticket: ticket, Customer: conversation.Customer{Name: "Zerlina"}})
		},
		"EditMessage": func(c *slack.Client) error {
			return c.EditMessage(t.Context(), connector.EditRequest{Key: "shop:c1/e1-5", Ticket: ticket, Message: receipt.ID, Text: "my secret words"})
		},
	} {
		for _, tc := range []struct {
			fault fake.Fault
			want  connector.Kind
		}{
			{fake.RateLimit(0, "7"), connector.RateLimited},
			{fake.RefuseStatus(http.StatusInternalServerError, "my secret words"), connector.UncertainOutcome},
			{fake.RefuseStatus(http.StatusServiceUnavailable, ""), connector.Unavailable},
			{fake.RefuseStatus(http.StatusOK, "<html>my secret words"), connector.UncertainOutcome},
			{fake.RefuseStatus(http.StatusOK, `{"ok":false,"error":"my secret words"}`), connector.Invalid},
			{fake.RefuseStatus(http.StatusOK, `{"ok":false,"error":"fatal_error"}`), connector.UncertainOutcome},
			{fake.AcceptThenReset(), connector.UncertainOutcome},
		} {
			w.Faults.Set("chat.update", tc.fault)
			err := do(w.open())
			w.Faults.Clear(fake.AnyOp)
			var e *connector.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.want, e.Kind, "%s, %s", name, tc.fault.Kind)
			require.Equal(t, name, e.Op)
			require.Equal(t, tc.fault.RetryAfter == "7", e.RetryAfter == 7*time.Second)
			for _, private := range []string{"my secret words", "Zerlina", vendor.DefaultToken} {
				require.NotContains(t, err.Error(), private)
			}
		}
	}
}
