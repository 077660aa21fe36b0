package livechat

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// maxSessionFields is the vendor's limit of session fields.
	maxSessionFields = 100
	// withoutProperties is how long our properties are done without once they are refused: registering them takes up to
	// two minutes to act (vendor reference, Configuration API).
	withoutProperties = 2 * time.Minute

	// The names of our properties, in the namespace of the app.
	conversationProperty = "conversation_id"
	connectionProperty   = "connection"
)

// Open starts the customer's chat, or resumes it, with the transcript as first messages. It looks first, so the same Key
// opens one thread however often it is called.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	group := c.group()
	if req.Group != "" {
		n, err := strconv.Atoi(req.Group)
		if err != nil || n < 0 {
			return conversation.Ticket{}, connector.Errorf(Name, op, connector.Invalid, "the group is not a number")
		}
		group = n
	}
	customer, err := c.customerFor(ctx, op, req)
	if err != nil {
		return conversation.Ticket{}, err
	}
	o := opening{
		Client: c, req: req, op: op, customer: customer, group: group,
		events: transcriptEvents(req.Key, req.Transcript),
	}
	if err := o.profile(ctx); err != nil {
		return conversation.Ticket{}, err
	}
	chatID, threadID, err := o.find(ctx)
	if err != nil {
		return conversation.Ticket{}, err
	}
	ticket := conversation.Ticket{ID: ticketID(chatID, threadID), Vendor: c.remember(o.customer)}
	if req.Agent != "" {
		// The chat is open: an agent who cannot be reached must not make it open again.
		err := c.Assign(ctx, connector.AssignRequest{Key: req.Key, Ticket: ticket, Agent: req.Agent, Vendor: req.Vendor})
		if err != nil && !connector.KindOf(err).Permanent() {
			return conversation.Ticket{}, err
		}
		if err != nil {
			c.log.Warn("chat was opened and not given to the agent asked for", "op", op, "key", req.Key, "kind", connector.KindOf(err))
		}
	}
	return ticket, nil
}

// opening is one call of Open.
type opening struct {
	*Client
	req      connector.OpenRequest
	op       string
	customer string
	group    int
	events   []newEvent
}

// profile tells agents who the customer is. What LiveChat refuses of it does not keep the customer from an agent.
func (o *opening) profile(ctx context.Context) error {
	who := o.req.Customer
	fields := []map[string]string{{conversationProperty: o.req.Conversation}}
	for _, f := range []struct{ name, value string }{{"phone", who.Phone}, {"language", who.Language}} {
		if f.value != "" {
			fields = append(fields, map[string]string{f.name: f.value})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(who.Fields)) {
		if len(fields) < maxSessionFields {
			fields = append(fields, map[string]string{key: who.Fields[key]})
		}
	}
	err := o.asCustomer(ctx, "update_customer", updateCustomer{Name: who.Name, Email: who.Email, SessionFields: fields}, nil)
	if connector.KindOf(err) == connector.Invalid {
		o.log.Warn("customer profile was refused", "op", o.op, "key", o.req.Key)
		return nil
	}
	return err
}

// find gives the chat and thread of this Key, and makes them if there are none.
func (o *opening) find(ctx context.Context) (chatID, threadID string, err error) {
	// Twice, because the chat may come into being between looking and starting.
	for range 2 {
		var list customerChats
		if err := o.asCustomer(ctx, "list_chats", struct{}{}, &list); err != nil {
			return "", "", err
		}
		if len(list.Chats) == 0 {
			chatID, threadID, err = o.begin(ctx, "start_chat", "")
			if hasChat(err) {
				continue
			}
			return chatID, threadID, err
		}
		known := list.Chats[0]
		threadID, err = o.earlier(ctx, known.ID)
		if err != nil || threadID != "" {
			return known.ID, threadID, err
		}
		if known.Active {
			return o.join(ctx, known.ID)
		}
		_, threadID, err = o.begin(ctx, "resume_chat", known.ID)
		if isActive(err) {
			continue
		}
		return known.ID, threadID, err
	}
	return "", "", err
}

// FindTicket looks for the thread that Open began, in the chat of the customer in whose name that was.
func (c *Client) FindTicket(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	const op = "FindTicket"
	customer := c.unprepared.Of(req.Key)
	if customer == "" {
		var err error
		if customer, err = c.knownCustomer(ctx, op, req); err != nil || customer == "" {
			return conversation.Ticket{}, false, err
		}
	}
	o := opening{Client: c, req: req, op: op, customer: customer, events: transcriptEvents(req.Key, req.Transcript)}
	var list customerChats
	if err := o.asCustomer(ctx, "list_chats", struct{}{}, &list); err != nil || len(list.Chats) == 0 {
		return conversation.Ticket{}, false, err
	}
	begun, found, err := o.begun(ctx, list.Chats[0].ID)
	if err != nil || !found {
		return conversation.Ticket{}, false, err
	}
	return conversation.Ticket{ID: ticketID(list.Chats[0].ID, begun.ID), Vendor: c.remember(customer)}, true, nil
}

// hasChat recognises "the customer has a chat already", and isActive "the chat is open already". The names are
// documented for the vendor's browser SDK only, so more general ones make us look again as well.
func hasChat(err error) bool {
	return slices.Contains([]string{"chat_limit_reached", "limit_reached", "validation"}, connector.CodeOf(err))
}

func isActive(err error) bool {
	return slices.Contains([]string{"chat_already_active", "validation"}, connector.CodeOf(err))
}

// earlier finds the thread that an earlier call with this Key made, and adds what it lacks.
func (o *opening) earlier(ctx context.Context, chatID string) (threadID string, err error) {
	t, found, err := o.begun(ctx, chatID)
	if err != nil || !found {
		return "", err
	}
	if t.Active {
		return t.ID, o.send(ctx, chatID, o.missing(t.Events))
	}
	return t.ID, nil
}

// begun finds the thread that an earlier call with this Key made, by the custom_id of its first message.
func (o *opening) begun(ctx context.Context, chatID string) (t thread, found bool, err error) {
	var list threads
	if err := o.call(ctx, request{op: o.op, api: agentAPI, action: "list_threads", body: listThreads{ChatID: chatID, Limit: 3}}, &list); err != nil {
		return t, false, err
	}
	for _, t := range list.Threads {
		if len(o.missing(t.Events)) < len(o.events) {
			return t, true, nil
		}
	}
	return t, false, nil
}

// missing are those of our events that a thread does not show.
func (o *opening) missing(have []event) []newEvent {
	return slices.DeleteFunc(slices.Clone(o.events), func(e newEvent) bool {
		return slices.ContainsFunc(have, func(h event) bool { return h.CustomID == e.CustomID })
	})
}

// begin starts or resumes the chat. Our properties are left out for a while where the vendor refuses them.
func (o *opening) begin(ctx context.Context, action, chatID string) (string, string, error) {
	body := openChat{
		// Continuous: nobody has to be online, and a customer without a browser does not count as gone.
		Continuous: true,
		Chat: openingChat{
			ID: chatID, Access: access{GroupIDs: []int{o.group}},
			Thread: openingThread{Properties: properties{"routing": {"ignore_bots": true}}, Events: o.events},
		},
	}
	now := o.tokens.now()
	if now.UnixNano() >= o.noProperties.Load() {
		body.Chat.Properties = properties{o.config.ClientID: {
			conversationProperty: o.req.Conversation, connectionProperty: o.connection,
		}}
	}
	var opened openedChat
	err := o.asCustomer(ctx, action, body, &opened)
	if connector.CodeOf(err) == "validation" && body.Chat.Properties != nil {
		body.Chat.Properties = nil
		if err = o.asCustomer(ctx, action, body, &opened); err == nil {
			o.noProperties.Store(now.Add(withoutProperties).UnixNano())
		}
	}
	if err != nil {
		return "", "", err
	}
	if chatID == "" {
		chatID = opened.ChatID
	}
	if chatID == "" || opened.ThreadID == "" {
		return "", "", connector.Errorf(Name, o.op, connector.UncertainOutcome, "the answer has no thread")
	}
	return chatID, opened.ThreadID, nil
}

// join uses a chat that is open already, such as one whose earlier ticket was never closed.
func (o *opening) join(ctx context.Context, chatID string) (string, string, error) {
	if err := o.send(ctx, chatID, o.events); err != nil {
		return "", "", err
	}
	current, err := o.getChat(ctx, o.op, chatID, "")
	if err != nil {
		return "", "", err
	}
	return chatID, current.Thread.ID, nil
}

func (o *opening) send(ctx context.Context, chatID string, events []newEvent) error {
	for _, e := range events {
		if err := o.asCustomer(ctx, "send_event", sendEvent{ChatID: chatID, Event: e}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (o *opening) asCustomer(ctx context.Context, action string, body, into any) error {
	return o.call(ctx, request{op: o.op, api: customerAPI, action: action, customer: o.customer, body: body}, into)
}

func (c *Client) group() int {
	if c.config.Group == nil {
		return 0
	}
	return *c.config.Group
}

// getChat reads a chat with one thread: the given one, or the newest.
func (c *Client) getChat(ctx context.Context, op, chatID, threadID string) (chat, error) {
	var got chat
	err := c.call(ctx, request{op: op, api: agentAPI, action: "get_chat", body: getChat{ChatID: chatID, ThreadID: threadID}}, &got)
	if err == nil && got.Thread == nil {
		return got, connector.Errorf(Name, op, connector.UncertainOutcome, "the chat has no thread")
	}
	return got, err
}

// ticketID names an engagement: a chat lasts for ever, its threads do not.
func ticketID(chatID, threadID string) string { return chatID + ":" + threadID }

// parseTicket is the reverse of ticketID.
func parseTicket(op string, t conversation.Ticket) (chatID, threadID string, err error) {
	chatID, threadID, ok := strings.Cut(t.ID, ":")
	if !ok || chatID == "" || threadID == "" {
		return "", "", connector.Errorf(Name, op, connector.Invalid, "the ticket's id is not <chat>:<thread>")
	}
	return chatID, threadID, nil
}
