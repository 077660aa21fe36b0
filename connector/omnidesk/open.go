package omnidesk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What a ticket carries for us.
const (
	vendorTicket   = "ticket"   // the vendor's number of the ticket
	vendorOpened   = "opened"   // the number of the key that opened it
	vendorMessages = "messages" // how many messages opened it
)

// logTimeout bounds how long the filing of a chatbot log may hold up a ticket that is open already.
const logTimeout = 5 * time.Second

// Open begins a session with the history as its first message, or messages, if it is long. A repeat with the same Key
// writes into the same session, and so into the same ticket; there, a message whose outcome was unknown may stand twice,
// under one number. Agent and Group are told to the agents: triggers of the vendor's own do the assigning, and no call
// is documented for it.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	opened, ok := keyNumber(req.Key)
	if !ok {
		return conversation.Ticket{}, connector.Errorf(Name, op, connector.Invalid, "the key has no number")
	}
	session := sessionID(req.Key)
	texts := connector.SplitText(opening(req), maxText)
	ticket := conversation.Ticket{ID: session, Vendor: map[string]string{
		vendorOpened: strconv.Itoa(opened), vendorMessages: strconv.Itoa(len(texts)),
	}}
	for i := range texts {
		if i < c.sent.Of(req.Key) && i < len(texts)-1 {
			continue
		}
		got, err := c.say(ctx, op, session, strconv.Itoa(i+1), texts[i])
		if err != nil {
			return conversation.Ticket{}, err
		}
		c.sent.Set(req.Key, i+1)
		if id := idOf(got.TicketID); id != "" {
			ticket.Vendor[vendorTicket] = id
		}
	}
	c.sent.Forget(req.Key)
	c.fileLog(ctx, op, req, ticket)
	return ticket, nil
}

// say writes one message of the customer into a session; number is "" for one that has none.
func (c *Client) say(ctx context.Context, op, session, number, text string) (answer, error) {
	fields := []field{{"chatSessionID", session}}
	if number != "" {
		fields = append(fields, field{"messageNumber", number})
	}
	return c.post(ctx, op, messagePath, append(fields,
		field{"channelID", strconv.Itoa(channelLiveChat)},
		field{"url", c.config.PageURL},
		field{"message", text},
		field{"chatAccountToken", c.config.ChatAccountToken.First().Reveal()},
		field{"chatServer", c.chatServer},
	), nil)
}

// messageNumber gives the number of the message that key sends, counted from the ticket's first, which is 1; "" where it
// is not known. It must be the same for every retry in every process, different for every message, and rise. Nothing
// that a Post could count is kept between calls, but keys are numbered in the order in which things were decided: the
// number is how far the key is behind the one that opened the ticket. So numbers rise and have gaps, where the key
// between was spent on something else. The further parts of a split text have none: the next key's number must stay free.
func messageNumber(t conversation.Ticket, key conversation.Key) string {
	opened, err := strconv.Atoi(t.Vendor[vendorOpened])
	if err != nil {
		return ""
	}
	first, err := strconv.Atoi(t.Vendor[vendorMessages])
	if err != nil {
		return ""
	}
	n, ok := keyNumber(key)
	if !ok || n <= opened {
		return ""
	}
	return strconv.Itoa(first + n - opened)
}

// keyNumber gives the number at the end of a key.
func keyNumber(key conversation.Key) (int, bool) {
	n, err := strconv.Atoi(string(key)[strings.LastIndexByte(string(key), '-')+1:])
	return n, err == nil && n >= 0
}

// fileLog files the history as a ticket of its own, if the configuration wants that, for the vendor's reports on
// chatbots. The call answers no id, is tied to no session and, repeated, makes another ticket: it is made once, after
// the session is open, and never again if its outcome is unknown. A customer gets to an agent without it.
func (c *Client) fileLog(ctx context.Context, op string, req connector.OpenRequest, t conversation.Ticket) {
	from := req.Customer.Email
	if from == "" {
		from = req.Customer.Phone
	}
	if c.config.ChatbotLogBrand == "" || from == "" || len(req.Transcript) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	subject := "Chatbot history"
	if id := t.Vendor[vendorTicket]; id != "" {
		subject += " of chat " + id
	}
	_, err := c.post(ctx, op, chatbotPath, []field{
		{"from", from}, {"subject", subject}, {"message", strings.Join(connector.Transcript(req.Transcript), "\n")}, {"brandID", c.config.ChatbotLogBrand},
	}, nil)
	if err != nil {
		c.log.Warn("chatbot log was not filed for certain", "op", op, "key", req.Key, "kind", connector.KindOf(err))
	}
}
