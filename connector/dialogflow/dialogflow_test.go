package dialogflow_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

func TestTheBotAnswersInOneSessionAndRemembers(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts)
		require.Equal(t, []string{"Turn 1: Hello"}, texts(a.says("Hello")))
		require.Equal(t, []string{"Noted."}, texts(a.says("order a-1001")))
		require.Equal(t, []string{"Order a-1001 is on its way."}, texts(a.says("where is it?")))
		calls := a.Calls()
		require.Equal(t, calls[0].Session, calls[2].Session)
		require.LessOrEqual(t, len(calls[0].Session), 36)
		require.Equal(t, chat, calls[0].Payload["conversation_id"])
		require.Equal(t, 1, a.TokensIssued())
	})
}

func TestAnExpiredSessionIsRestoredWithoutAWord(t *testing.T) {
	for name, resend := range map[string]bool{"with the state in each turn": true, "with the state when it is needed": false} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, opts fakedialogflow.Options) {
				a := newAgent(t, opts, func(c *dialogflow.Config) { c.ResendState = resend })
				a.says("order a-1001")
				a.clock.pass(31 * time.Minute)
				// Our own clock has not moved, so the conversation's memory is made older.
				a.vendor["at"] = time.Now().Add(-31 * time.Minute).Format(time.RFC3339)
				require.Equal(t, []string{"Order a-1001 is on its way."}, texts(a.says("where is it?")))
				require.Equal(t, 1, a.Turns(a.lastCall().Session), "the vendor had forgotten the session")
			})
		})
	}
}

func TestWithoutResendStateALiveSessionIsLeftToTheVendor(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts, func(c *dialogflow.Config) { c.ResendState = false })
		a.says("order a-1001")
		require.Equal(t, []string{"Order a-1001 is on its way."}, texts(a.says("where is it?")))
		call := a.lastCall()
		require.Empty(t, call.Page)
		require.Empty(t, call.Contexts)
		require.False(t, call.Reset)
	})
}

func TestATurnWhoseAnswerWasLostIsRepeatedFromWhereItBegan(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts)
		a.says("order a-1001")
		for _, lost := range []fake.Fault{fake.AcceptThenReset(), fake.AcceptThenStatus(503), fake.AcceptThenStatus(504)} {
			a.n++
			a.Faults.Set(fakedialogflow.OpDetect, lost.For(1))
			_, err := a.try(a.key(), "where is it?")
			require.False(t, connector.KindOf(err).Permanent())
			answer, err := a.try(a.key(), "where is it?")
			require.NoError(t, err)
			require.Equal(t, []string{"Order a-1001 is on its way."}, texts(answer))
			calls := a.Calls()
			require.Equal(t, calls[len(calls)-2], calls[len(calls)-1], "the repeat asked something else")
			a.keep(answer)
			a.Faults.Clear(fake.AnyOp)
		}
		require.Equal(t, 7, a.Turns(a.lastCall().Session), "the vendor takes a repeat for another turn")
	})
}

func TestTheBotAsksForAHuman(t *testing.T) {
	type answers = fakedialogflow.Answer
	set := func(f func(c *dialogflow.Config)) func(c *dialogflow.Config) { return f }
	none := set(func(*dialogflow.Config) {})
	words := []string{"A colleague comes."}
	for _, tt := range []struct {
		name   string
		es, cx bool
		bot    answers
		change func(c *dialogflow.Config)
	}{
		{"by its own signal", true, true, answers{Handoff: true}, none},
		{"and ends at once", true, true, answers{Handoff: true, End: true}, none},
		{"by an action", true, false, answers{Action: "handoff.request"}, none},
		{"by an action of our choice", true, false, answers{Action: "escalate"}, set(func(c *dialogflow.Config) { c.HandoffActions = []string{"escalate"} })},
		{"by an intent", true, true, answers{Intent: "talk"}, set(func(c *dialogflow.Config) { c.HandoffIntents = []string{"talk"} })},
		{"by a parameter", true, true, answers{Parameters: map[string]any{"human": true}}, set(func(c *dialogflow.Config) { c.HandoffParameters = []string{"human"} })},
		{"by a payload", true, true, answers{Rich: []map[string]any{{"payload": map[string]any{"handoff": true}}}}, none},
		{"by its webhook's payload", true, true, answers{WebhookPayload: map[string]any{"handoff": map[string]any{"x": 1}}}, none},
		{"by the event of a failed flow", false, true, answers{Event: "flow-failed-human-escalation"}, none},
		{"by the page of a failed flow", false, true, answers{Page: "END_FLOW_WITH_HUMAN_ESCALATION"}, none},
		{"by its end", true, true, answers{End: true}, set(func(c *dialogflow.Config) { c.OnEnd = "handoff" })},
		{"because it does not understand", true, true, answers{Fallback: true}, set(func(c *dialogflow.Config) { c.HandoffAfterMisses = 1 })},
	} {
		for _, cx := range []bool{false, true} {
			if cx && !tt.cx || !cx && !tt.es {
				continue
			}
			bot := tt.bot
			bot.Texts = words
			a := newAgent(t, fakedialogflow.Options{CX: cx, Bot: func(fakedialogflow.Turn) answers { return bot }}, tt.change)
			answer := a.says("help")
			require.True(t, answer.Handoff, "%s, cx: %t", tt.name, cx)
			require.False(t, answer.End, "a human matters more than the end: %s", tt.name)
			require.Equal(t, words, texts(answer), "%s, cx: %t", tt.name, cx)
		}
	}
}

func TestAnOrdinaryAnswerAsksForNobody(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		for _, bot := range []fakedialogflow.Answer{
			{Texts: []string{"Hi."}, Action: "input.welcome", Parameters: map[string]any{"human": false}},
			{Texts: []string{"Hi."}, Rich: []map[string]any{{"payload": map[string]any{"handoff": false}}}, WebhookPayload: map[string]any{"handoff": nil}},
			{Texts: []string{"Hi."}, Fallback: true},
			{},
		} {
			opts.Bot = func(fakedialogflow.Turn) fakedialogflow.Answer { return bot }
			a := newAgent(t, opts, func(c *dialogflow.Config) { c.HandoffParameters, c.HandoffAfterMisses = []string{"human"}, 2 })
			answer := a.says("hello")
			require.False(t, answer.Handoff)
			require.False(t, answer.End)
		}
	})
}

func TestTheWishForAHumanCarriesItsDetails(t *testing.T) {
	cx := newAgent(t, fakedialogflow.Options{CX: true}, func(c *dialogflow.Config) { c.Fields = []string{"department"} })
	answer := cx.says("human")
	require.Equal(t, []string{"I am getting a colleague for you.", "One moment."}, texts(answer), "words on both sides of the signal")
	require.Equal(t, "billing", answer.Group)
	require.Equal(t, map[string]string{"reason": "user_request", "department": "billing"}, answer.Customer.Fields)

	es := newAgent(t, fakedialogflow.Options{}, func(c *dialogflow.Config) { c.GroupParameter = "department" })
	require.Equal(t, "billing", es.says("human").Group)

	for groups, want := range map[string]string{"billing": "3", "sales": ""} {
		mapped := newAgent(t, fakedialogflow.Options{CX: true}, func(c *dialogflow.Config) { c.Groups = map[string]string{groups: "3"} })
		require.Equal(t, want, mapped.says("human").Group)
	}
}

func TestMissesInARowLeadToAHumanAndAreForgottenInBetween(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts, func(c *dialogflow.Config) { c.HandoffAfterMisses = 2 })
		require.False(t, a.says("huh").Handoff)
		require.False(t, a.says("hello").Handoff)
		require.False(t, a.says("huh").Handoff)
		require.True(t, a.says("silence").Handoff, "an answer without words is no answer")
	})
}

func TestTheEndOfTheBotEndsOnlyWhatItIsToldTo(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts)
		a.says("order a-1001")
		answer := a.says("bye")
		require.True(t, answer.End)
		require.Equal(t, []string{"Goodbye."}, texts(answer))
		first := a.lastCall().Session
		require.Equal(t, []string{"Which order?"}, texts(a.says("where is it?")), "the bot begins anew")
		require.NotEqual(t, first, a.lastCall().Session)

		ignoring := newAgent(t, opts, func(c *dialogflow.Config) { c.OnEnd = "ignore" })
		answer = ignoring.says("bye")
		require.False(t, answer.End)
		require.False(t, answer.Handoff)
	})
}

func TestAfterAHandBackTheBotBeginsAnewAndKnowsWhatWasSaid(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts)
		a.says("order a-1001")
		require.True(t, a.says("human").Handoff)
		before, turns := a.lastCall().Session, len(a.Calls())
		answer := a.says("said what?", talk()...)
		require.Equal(t, []string{"I was told: Customer: My invoice is wrong.\nAgent: I have corrected it."}, texts(answer))
		require.False(t, answer.Handoff)
		require.NotEqual(t, before, a.lastCall().Session)
		require.Len(t, a.Calls(), turns+1, "what the customer told the agent was asked again")
		require.Equal(t, []string{"Which order?"}, texts(a.says("where is it?")))
	})
}

func TestAfterAHandBackTheBotIsRestoredOnRequest(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts, func(c *dialogflow.Config) { c.Resume, c.HandoffParameters = "restore", []string{"wants_human"} })
		a.says("order a-1001")
		a.clock.pass(2 * time.Hour)
		a.vendor["at"] = time.Now().Add(-2 * time.Hour).Format(time.RFC3339)
		require.Equal(t, []string{"Order a-1001 is on its way."}, texts(a.says("where is it?", talk()...)))
		require.Equal(t, []string{"I was told: Customer: My invoice is wrong.\nAgent: I have corrected it."}, texts(a.says("said what?")))
	})
}

func TestAfterAHandBackWithoutSummaryTheBotKnowsOnlyThatThereWasOne(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{CX: true}, func(c *dialogflow.Config) { c.ShareSummary = false })
	a.says("hello", talk()...)
	require.Equal(t, map[string]any{"handoff_returned": true}, a.lastCall().Parameters)
}

func TestALongSummaryKeepsItsEnd(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{CX: true})
	a.says("hello", conversation.Line{Role: conversation.RoleAgent, Text: strings.Repeat("long ago ", 1000) + "and at last"})
	summary, ok := a.lastCall().Parameters["handoff_summary"].(string)
	require.True(t, ok)
	require.Equal(t, 2000, utf8.RuneCountInString(summary))
	require.True(t, strings.HasSuffix(summary, "and at last"))
}

func TestAHeardWishForAHumanIsNotHeardAgain(t *testing.T) {
	for _, resend := range []bool{true, false} {
		a := newAgent(t, fakedialogflow.Options{CX: true, Bot: func(turn fakedialogflow.Turn) fakedialogflow.Answer {
			if turn.Text == "human" {
				return fakedialogflow.Answer{Texts: []string{"One moment."}, Parameters: map[string]any{"human": "yes"}}
			}
			return fakedialogflow.Answer{Texts: []string{"Hello."}}
		}}, func(c *dialogflow.Config) {
			c.Resume, c.HandoffParameters, c.ResendState = "restore", []string{"human"}, resend
		})
		require.True(t, a.says("human").Handoff)
		require.False(t, a.says("hello", talk()...).Handoff)
		require.False(t, a.says("hello").Handoff)
	}
}

func TestWhileSlotsAreFilledTheVendorKeepsTheState(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{Bot: func(turn fakedialogflow.Turn) fakedialogflow.Answer {
		return fakedialogflow.Answer{Texts: []string{"Which size?"}, Filling: turn.Number == 1}
	}})
	a.says("a shirt")
	require.True(t, a.lastCall().Reset)
	a.says("large")
	require.False(t, a.lastCall().Reset, "reset, the slots would be lost")
	a.says("thanks")
	require.True(t, a.lastCall().Reset)
}

func TestALongTextIsCutBehindAWordAndReported(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts)
		a.says(strings.Repeat("wörter ", 60))
		call := a.lastCall()
		require.Equal(t, strings.TrimSpace(strings.Repeat("wörter ", 36)), call.Text)
		require.Equal(t, true, call.Payload["text_cut"])
		require.Contains(t, a.logs.String(), "characters_lost=168")
		require.NotContains(t, a.logs.String(), "wörter")

		a.says(strings.Repeat("ü", 300))
		require.Equal(t, 256, utf8.RuneCountInString(a.lastCall().Text))
		a.says("short")
		require.NotContains(t, a.lastCall().Payload, "text_cut")
	})
}

func TestAFileWithoutWordsIsAnEventOrAPlaceholder(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		file := &conversation.Attachment{URL: "https://files.example/receipt.png", Name: "receipt.png", ContentType: "image/png"}
		ask := func(a *agent) fakedialogflow.Call {
			_, err := a.conn.Reply(t.Context(), connector.ReplyRequest{Key: a.key(), Conversation: chat, Attachment: file})
			require.NoError(t, err)
			return a.lastCall()
		}
		plain := ask(newAgent(t, opts))
		require.Equal(t, "[file]", plain.Text)
		require.Equal(t, "https://files.example/receipt.png", plain.Payload["file_url"])

		event := ask(newAgent(t, opts, func(c *dialogflow.Config) { c.FileEvent = "FILE_RECEIVED" }))
		require.Equal(t, "FILE_RECEIVED", event.Event)
		require.Equal(t, "https://files.example/receipt.png", event.Parameters["url"])

		_, err := newAgent(t, opts).try("k", "  ")
		require.Equal(t, connector.Invalid, connector.KindOf(err))
	})
}

func TestTheCustomersLanguageIsUsedIfTheAgentSpeaksIt(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a := newAgent(t, opts, func(c *dialogflow.Config) { c.Languages = []string{"en", "de"} })
		for language, want := range map[string]string{"de": "de", "fr": "en", "": "en"} {
			_, err := a.conn.Reply(t.Context(), connector.ReplyRequest{
				Key: "k", Conversation: chat, Text: "x", Customer: conversation.Customer{Language: language},
			})
			require.NoError(t, err)
			require.Equal(t, want, a.lastCall().Language)
		}
	})
}

func TestAFailedFulfillmentWebhookIsReported(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		opts.Bot = func(fakedialogflow.Turn) fakedialogflow.Answer {
			return fakedialogflow.Answer{Texts: []string{"Static words."}, Tag: "stock", WebhookCode: 4}
		}
		a := newAgent(t, opts)
		require.Equal(t, []string{"Static words."}, texts(a.says("hello")))
		require.Contains(t, a.logs.String(), "fulfillment webhook failed\" connector=dialogflow connection=dialogflow-shop code=4")
	})
}

func TestStateThatIsTooLargeIsLeftToTheVendor(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{CX: true, Bot: func(fakedialogflow.Turn) fakedialogflow.Answer {
		return fakedialogflow.Answer{Texts: []string{"Hi."}, Page: "catalogue", Parameters: map[string]any{"all": strings.Repeat("x", 20000)}}
	}})
	a.says("hello")
	a.says("hello")
	require.Empty(t, a.lastCall().Page)
	require.Contains(t, a.logs.String(), "too large")
}

func TestRegionsAndEnvironmentsAreInTheNames(t *testing.T) {
	for _, tt := range []struct {
		opts   fakedialogflow.Options
		change func(c *dialogflow.Config)
	}{
		{fakedialogflow.Options{Location: "europe-west2", Environments: []string{"prod"}}, func(c *dialogflow.Config) {
			c.Location, c.Environment = "europe-west2", "prod"
		}},
		{fakedialogflow.Options{CX: true, Location: "global", Environments: []string{"prod"}}, func(c *dialogflow.Config) {
			c.Location, c.Environment = "", "prod"
		}},
	} {
		a := newAgent(t, tt.opts, tt.change)
		a.says("order a-1001")
		require.Equal(t, []string{"Order a-1001 is on its way."}, texts(a.says("where is it?")))
		require.Equal(t, "prod", a.lastCall().Environment)
		require.NoError(t, a.conn.Check(t.Context()))
	}
}

func TestEachLocationHasItsHost(t *testing.T) {
	for _, tt := range []struct{ edition, location, want string }{
		{"es", "", "https://dialogflow.googleapis.com/v2/projects/acme-bot/agent/sessions/"},
		{"es", "global", "https://dialogflow.googleapis.com/v2/projects/acme-bot/agent/sessions/"},
		{"es", "asia-northeast1", "https://asia-northeast1-dialogflow.googleapis.com/v2/projects/acme-bot/locations/asia-northeast1/agent/sessions/"},
		{"cx", "", "https://dialogflow.googleapis.com/v3/projects/acme-bot/locations/global/agents/a1/sessions/"},
		{"cx", "europe-west1", "https://europe-west1-dialogflow.googleapis.com/v3/projects/acme-bot/locations/europe-west1/agents/a1/sessions/"},
	} {
		var c dialogflow.Config
		c.SetDefaults()
		c.Edition, c.Project, c.Location, c.Agent, c.Auth = tt.edition, "acme-bot", tt.location, "a1", "none"
		var called string
		conn, err := dialogflow.New(c, connector.Deps{HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			called = r.URL.String()
			return nil, http.ErrUseLastResponse
		})}})
		require.NoError(t, err)
		bot, ok := conn.(connector.Bot)
		require.True(t, ok)
		_, err = bot.Reply(t.Context(), connector.ReplyRequest{Key: "k", Conversation: chat, Text: "hello"})
		require.Error(t, err)
		require.True(t, strings.HasPrefix(called, tt.want), called)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
