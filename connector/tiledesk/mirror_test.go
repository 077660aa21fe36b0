package tiledesk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const conversationID = "landbot-shop:77"

func key(n int) conversation.Key {
	return conversation.Key(fmt.Sprintf("%s/e1-%d", conversationID, n))
}

var carla = conversation.Customer{Name: "Carla Customer", Email: "carla@example.com", Language: "it"}

func line(n int, role conversation.Role, text string) conversation.Line {
	return conversation.Line{N: n, Role: role, Text: text, At: time.Date(2026, 3, 2, 9, 30, n, 0, time.UTC)}
}

// chat is what a bot and a customer say to each other; the bot speaks first.
func chat() []conversation.Line {
	return []conversation.Line{
		line(1, conversation.RoleBot, "Welcome! What is it about?"),
		line(2, conversation.RoleCustomer, "My parcel has not come."),
		line(3, conversation.RoleBot, "I ask a colleague."),
	}
}

// mirror shows lines under a key.
func mirror(t *testing.T, c *tiledesk.Client, k conversation.Key, ticket conversation.Ticket, lines ...conversation.Line) conversation.Ticket {
	t.Helper()
	got, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: k, Conversation: conversationID, Customer: carla, Ticket: ticket, Lines: lines})
	require.NoError(t, err)
	return got
}

// reads lists what agents read, as "<name>: <text>", without what the server and the console put in.
func (d *desk) reads(ticket conversation.Ticket) []string {
	list := []string{}
	for _, m := range d.Messages(ticket.ID) {
		if m.Subtype == "" {
			list = append(list, m.Name+": "+subjects.TiledeskReads(m.Text))
		}
	}
	return list
}

var history = []string{"Bot: Welcome! What is it about?", "Carla Customer: My parcel has not come.", "Bot: I ask a colleague."}

func TestAgentsReadAlongAndNobodyIsBothered(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := mirror(t, c, key(1), conversation.Ticket{}, chat()[0])
	require.Regexp(t, `^support-group-`+vendor.DefaultProject+`-[0-9a-f]{32}$`, ticket.ID)
	again := mirror(t, c, key(2), ticket, chat()[1:]...)
	require.Equal(t, ticket.ID, again.ID)
	require.Equal(t, history, d.reads(ticket))
	r := d.Request(ticket.ID)
	require.Equal(t, vendor.Temp, r.Status)
	require.Empty(t, r.Participants)
	require.Equal(t, "it", r.Language)
	require.Len(t, d.Requests(), 1)
	require.Empty(t, d.inbound(c, 0), "a mirror tells nothing")
}

func TestAMirrorThatIsRepeatedShowsEachLineOnce(t *testing.T) {
	for name, fault := range map[string]fake.Fault{
		"reset": fake.AcceptThenReset().For(1), "500": fake.AcceptThenStatus(500).For(1), "refused": fake.RefuseStatus(503, "").For(1),
	} {
		for _, op := range []string{vendor.OpSend, vendor.OpMessages, vendor.OpAnonymous} {
			t.Run(name+" "+op, func(t *testing.T) {
				d := newDesk(t)
				c := d.open()
				d.Faults.Set(op, fault)
				req := connector.MirrorRequest{Key: key(1), Conversation: conversationID, Customer: carla, Lines: chat()}
				_, err := c.Mirror(t.Context(), req)
				if op != vendor.OpMessages { // Reads are repeated by the transport itself.
					require.Error(t, err)
				}
				require.False(t, connector.KindOf(err).Permanent())
				// Another process repeats it.
				ticket, err := d.open().Mirror(t.Context(), req)
				require.NoError(t, err)
				require.Equal(t, history, d.reads(ticket))
				require.Len(t, d.Requests(), 1)
				require.Equal(t, d.Request(ticket.ID).Customer, ticket.Vendor["customer_id"])
			})
		}
	}
}

func TestOpeningTheMirrorAsksForAnAgentOnTheSameTicket(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	mirrored := mirror(t, c, key(1), conversation.Ticket{}, chat()[:2]...)
	ticket, err := c.Open(t.Context(), connector.OpenRequest{
		Key: key(2), Conversation: conversationID, Customer: carla, Mirrored: &mirrored, Transcript: chat()[2:],
	})
	require.NoError(t, err)
	require.Equal(t, mirrored.ID, ticket.ID)
	require.Equal(t, history, d.reads(ticket))
	require.Equal(t, vendor.Assigned, d.Request(ticket.ID).Status)
	require.Equal(t, []string{vendor.Alice}, d.Request(ticket.ID).Participants)
	events := d.inbound(c, 0)
	require.Len(t, events, 1)
	require.Equal(t, conversation.AgentAssigned, events[0].Event.Kind)
	require.Equal(t, conversation.Author{ID: vendor.Alice, Name: "Alice Agent"}, events[0].Event.Author)
	require.Equal(t, connector.Ref{ID: conversationID}, events[0].Ref)
}

func TestAMirrorThatWasClosedOrDeletedIsOpenedAnew(t *testing.T) {
	for name, gone := range map[string]func(d *desk, id string) error{
		"closed":  func(d *desk, id string) error { return d.AgentCloses(id, "system") },
		"deleted": func(d *desk, id string) error { return d.Deletes(id) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.open()
			mirrored := mirror(t, c, key(1), conversation.Ticket{}, chat()[:2]...)
			require.NoError(t, gone(d, mirrored.ID))
			req := connector.OpenRequest{
				Key: key(2), Conversation: conversationID, Customer: carla, Mirrored: &mirrored, Transcript: chat()[2:],
			}
			d.Faults.Set(vendor.OpAssign, fake.AcceptThenReset().For(1))
			_, err := c.Open(t.Context(), req)
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
			ticket, err := c.Open(t.Context(), req)
			require.NoError(t, err)
			require.NotEqual(t, mirrored.ID, ticket.ID)
			require.Equal(t, vendor.Assigned, d.Request(ticket.ID).Status)
			want := history
			if name == "deleted" {
				want = history[2:]
			}
			require.Equal(t, want, d.reads(ticket))
			_, err = c.Mirror(t.Context(), connector.MirrorRequest{Key: key(3), Conversation: conversationID, Ticket: mirrored, Lines: chat()})
			if name == "closed" {
				require.Equal(t, connector.Conflict, connector.KindOf(err))
				require.Equal(t, vendor.Closed, d.Request(mirrored.ID).Status)
			}
		})
	}
}

func TestFirstMessagesThatOverlapMakeOneConversation(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.SlowCreation = true })
	c := d.open()
	req := connector.MirrorRequest{Key: key(1), Conversation: conversationID, Customer: carla, Lines: chat()[1:2]}
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := c.Mirror(t.Context(), req)
			errs <- err
		}()
	}
	failed := 0
	for range 2 {
		if err := <-errs; err != nil {
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
			failed++
		}
	}
	require.Equal(t, 1, failed)
	ticket, err := c.Mirror(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, history[1:2], d.reads(ticket))
	require.Len(t, d.Requests(), 1)
}

func TestAllThatIsSaidIsShown(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	file := &conversation.Attachment{URL: "https://files.example/manual.pdf", Name: "[the] manual.pdf", Size: 7}
	picture := &conversation.Attachment{URL: "https://files.example/i.png", ContentType: "image/png"}
	place := &conversation.Attachment{Latitude: 52.5, Longitude: 13.4}
	long := strings.Repeat("long tale ", 6_000)
	ticket := mirror(t, c, key(1), conversation.Ticket{},
		conversation.Line{N: 1, Role: conversation.RoleCustomer, Text: "see", Attachment: file},
		conversation.Line{N: 2, Role: conversation.RoleCustomer, Text: "and this", Attachment: picture},
		conversation.Line{N: 3, Role: conversation.RoleCustomer, Attachment: place},
		conversation.Line{N: 4, Role: conversation.RoleCustomer, Text: "never mind", Deleted: true},
		conversation.Line{N: 5, Role: conversation.RoleNotice, Text: "You are now talking to Mira."},
		conversation.Line{N: 6, Role: conversation.RoleAgent, Name: "Mira", Text: "Hello"},
		conversation.Line{N: 7, Role: conversation.RoleCustomer, Text: long},
	)
	var said []vendor.Message
	for _, m := range d.Messages(ticket.ID) {
		if m.Key != "" {
			said = append(said, m)
		}
	}
	require.Len(t, said, 7)
	require.Equal(t, "[(the) manual.pdf](https://files.example/manual.pdf)\nsee", said[0].Text)
	require.Equal(t, "file", said[0].Type)
	require.Equal(t, "image", said[1].Type)
	require.Equal(t, picture.URL, said[1].Src)
	require.Equal(t, "and this", said[1].Text)
	require.Equal(t, "https://www.openstreetmap.org/?mlat=52.5&mlon=13.4", said[2].Text)
	require.Equal(t, "Notice", said[3].Name)
	require.Equal(t, "Mira", said[4].Name)
	require.Equal(t, long, said[5].Text+said[6].Text)
}

func TestALongHistoryIsFolded(t *testing.T) {
	d := newDesk(t)
	var lines []conversation.Line
	for n := 1; n <= 150; n++ {
		lines = append(lines, line(n, []conversation.Role{conversation.RoleBot, conversation.RoleCustomer}[n%2], fmt.Sprintf("line %d", n)))
	}
	req := connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: carla, Transcript: lines}
	d.Faults.Set(vendor.OpAssign, fake.AcceptThenReset().For(1))
	_, err := d.open().Open(t.Context(), req)
	require.Error(t, err)
	ticket, err := d.open().Open(t.Context(), req)
	require.NoError(t, err)
	reads := d.reads(ticket)
	require.Len(t, reads, 21)
	require.True(t, strings.HasPrefix(reads[0], "Conversation so far: Customer: line 1\nBot: line 2\n"))
	require.True(t, strings.HasSuffix(reads[0], "Bot: line 130"))
	require.Equal(t, "Carla Customer: line 131", reads[1])
	require.Equal(t, "Bot: line 150", reads[20])
}

func TestWhatWouldBeObeyedIsOnlyRead(t *testing.T) {
	d := newDesk(t, func(o *vendor.Options) { o.Labels = map[string]string{"SECRET_LABEL": "something else"} })
	c := d.open()
	commands := []string{
		`\close`, `\agent`, `\error`, `C:\close`, `please \agent`, "two\nlines \\close", `\\close`, `\`, `a\b`, `${SECRET_LABEL}`, `\start ${SECRET_LABEL}`,
	}
	var lines []conversation.Line
	for i, text := range commands {
		lines = append(lines, line(i+1, []conversation.Role{conversation.RoleCustomer, conversation.RoleBot}[i%2], text))
	}
	mirrored := mirror(t, c, key(1), conversation.Ticket{}, lines...)
	require.Equal(t, vendor.Temp, d.Request(mirrored.ID).Status, "a mirrored line was obeyed")
	ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: key(2), Conversation: conversationID, Customer: carla, Mirrored: &mirrored})
	require.NoError(t, err)
	for i, text := range commands {
		_, err := c.Post(t.Context(), connector.PostRequest{Key: key(10 + i), Ticket: ticket, Text: text})
		require.NoError(t, err)
		_, err = c.SendAttachment(t.Context(), connector.AttachmentRequest{
			Key: key(100 + i), Ticket: ticket, Text: text, Attachment: conversation.Attachment{URL: "https://files.example/i.png", ContentType: "image/png"},
		})
		require.NoError(t, err)
	}
	var read []string
	for _, m := range d.Messages(ticket.ID) {
		if m.Key != "" && m.Subtype == "" {
			read = append(read, subjects.TiledeskReads(m.Text))
		}
	}
	want := append([]string{}, commands...)
	for _, text := range commands {
		want = append(want, text, text)
	}
	require.Equal(t, want, read, "nothing of it shows")
	require.Equal(t, vendor.Assigned, d.Request(ticket.ID).Status)
	require.Equal(t, []string{vendor.Alice}, d.Request(ticket.ID).Participants)
	require.Zero(t, d.Crashes())
	require.Equal(t, 1, d.Faults.Calls(vendor.OpAssign))
}

func TestTheFakeObeysWhatIsNotDisarmed(t *testing.T) {
	d := newDesk(t)
	ticket := mirror(t, d.open(), key(1), conversation.Ticket{}, chat()...)
	require.NoError(t, d.Sends(ticket.ID, vendor.Alice, "text", `bye \close`, nil))
	require.Equal(t, vendor.Closed, d.Request(ticket.ID).Status)
}
