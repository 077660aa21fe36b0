// Package memory connects a vendor of our own making: a chat, a bot and a desk that speak the protocol of types.go, as
// the playground and the fake of the test suite do. It is the model to copy for every other vendor: the same files, the
// same order of methods, every ability that shows to people. README.md says where the few others are to be seen.
//
// One connection can be channel, bot and desk; the route decides. The limits are the protocol's own, in types.go.
package memory

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "memory"

// Client is one connection.
type Client struct {
	config Config
	http   *httpx.Client
}

var (
	_ connector.Channel            = (*Client)(nil)
	_ connector.Bot                = (*Client)(nil)
	_ connector.Desk               = (*Client)(nil)
	_ connector.BotPauser          = (*Client)(nil)
	_ connector.BotResumer         = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.TypingSender       = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.TicketMirror       = (*Client)(nil)
	_ connector.TicketUpdater      = (*Client)(nil)
	_ connector.QueueReader        = (*Client)(nil)
	_ connector.MessageEditor      = (*Client)(nil)
	_ connector.ReadMarker         = (*Client)(nil)
	_ connector.Surveyor           = (*Client)(nil)
	_ connector.ButtonSender       = (*Client)(nil)
	_ connector.RatingWriter       = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Memory: the playground's chat, bot and desk", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c := &Client{config: config, http: httpx.New(Name, deps.HTTP, 0)}
	c.http.Classify = classify
	return c, nil
}

// Name is "memory".
func (c *Client) Name() string { return Name }

// Traits are the protocol's.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: MaxText, Deliver: connector.ByKey, Post: connector.ByKey, Open: connector.ByKey,
		Redelivery: RedeliverFor, HostsBot: c.config.HostsBot,
	}
}

// errorCode is the shape of the vendor's codes; anything else might be somebody's words.
var errorCode = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// classify reads the code of a refusal; the kind goes by the status.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	if status >= 200 && status <= 299 {
		return "", ""
	}
	var refusal Failure
	if json.Unmarshal(body, &refusal) != nil || !errorCode.MatchString(refusal.Code) {
		refusal.Code = ""
	}
	return connector.KindOfStatus(status), refusal.Code
}

// call makes one call. Every success has a body, so that a page which is none of the vendor's is no success.
func (c *Client) call(ctx context.Context, op, method, path string, body, into any) error {
	_, err := c.http.Do(ctx, httpx.Request{
		Op: op, Method: method, URL: c.config.BaseURL + path, Body: body,
		Header: http.Header{"Authorization": {"Bearer " + c.config.Secret.First().Reveal()}},
	}, into)
	return err
}

// conversationPath and ticketPath begin the addresses of calls about one conversation or ticket.
func conversationPath(to string) string { return "/channel/" + url.PathEscape(to) }

func ticketPath(ticket conversation.Ticket) string {
	return "/desk/tickets/" + url.PathEscape(ticket.ID)
}

func eitherPath(to string, t conversation.Ticket) string {
	if t.ID != "" {
		return ticketPath(t)
	}
	return conversationPath(to)
}

// Deliver says a text to the customer.
func (c *Client) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	return c.say(ctx, "Deliver", conversationPath(req.To), message{key: req.Key, author: speaker(req.Author), text: req.Text})
}

// Post adds a text of the customer to the ticket.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	return c.say(ctx, "Post", ticketPath(req.Ticket), message{key: req.Key, author: Author{Role: RoleCustomer}, text: req.Text})
}

// SendAttachment passes a file on by its address. Places have none, and are passed on as a link.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	a := req.Attachment
	if a.URL == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "the vendor takes files with an address only")
	}
	author := speaker(req.Author)
	if req.Ticket.ID != "" {
		author = Author{Role: RoleCustomer}
	}
	return c.say(ctx, op, eitherPath(req.To, req.Ticket), message{
		key: req.Key, author: author, text: req.Text,
		file: &Attachment{URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size},
	})
}

// SendButtons says a text with buttons to the customer. The vendor knows no links to press: they are refused, and become
// lines.
func (c *Client) SendButtons(ctx context.Context, req connector.ButtonsRequest) (connector.Receipt, error) {
	const op = "SendButtons"
	m := message{key: req.Key, author: speaker(req.Author), text: req.Text}
	for _, b := range req.Buttons {
		if b.URL != "" {
			return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "the vendor's buttons are answers only")
		}
		m.buttons = append(m.buttons, Button{Label: b.Label, Value: b.Value})
	}
	return c.say(ctx, op, conversationPath(req.To), m)
}

// Reply asks the vendor's bot. The vendor knows the conversation by the channel's own name for it.
func (c *Client) Reply(ctx context.Context, req connector.ReplyRequest) (conversation.Answer, error) {
	_, key, _ := strings.Cut(req.Conversation, ":")
	ask := BotRequest{Key: string(req.Key), Text: req.Text}
	if a := req.Attachment; a != nil {
		ask.Attachments = []Attachment{{URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size}}
	}
	var reply BotReply
	if err := c.call(ctx, "Reply", http.MethodPost, "/bot/"+url.PathEscape(key)+"/reply", ask, &reply); err != nil {
		return conversation.Answer{}, err
	}
	answer := conversation.Answer{Handoff: reply.Handoff, End: reply.End}
	for _, m := range reply.Messages {
		for _, part := range spread(m.Text, m.Attachments) {
			answer.Messages = append(answer.Messages, conversation.Message{Text: part.text, Attachment: part.file})
		}
		if n := len(answer.Messages); n > 0 {
			for _, b := range m.Buttons {
				answer.Messages[n-1].Buttons = append(answer.Messages[n-1].Buttons, conversation.Button{Label: b.Label, Value: b.Value})
			}
		}
	}
	return answer, nil
}

// PauseBot silences the vendor's own bot.
func (c *Client) PauseBot(ctx context.Context, req connector.PauseRequest) error {
	return c.call(ctx, "PauseBot", http.MethodPost, conversationPath(req.To)+"/pause", PauseRequest{Key: string(req.Key)}, &Result{})
}

// ResumeBot gives the conversation back to the vendor's own bot. The vendor launches its script only at a node.
func (c *Client) ResumeBot(ctx context.Context, req connector.ResumeRequest) error {
	resume := PauseRequest{Key: string(req.Key)}
	if req.Launch {
		resume.Node = req.Node
	}
	return c.call(ctx, "ResumeBot", http.MethodPost, conversationPath(req.To)+"/resume", resume, &Result{})
}

// Open asks for an agent. The Key makes a repeat give the same ticket.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	open := OpenRequest{
		Key: string(req.Key), Conversation: req.Conversation, Agent: req.Agent, Group: c.group(req.Group),
		Customer: Author{Role: RoleCustomer, Name: req.Customer.Name}, Transcript: history(req.Transcript),
	}
	if req.Previous != nil {
		open.Previous = req.Previous.ID
	}
	if req.Mirrored != nil {
		open.Mirrored = req.Mirrored.ID
	}
	return c.open(ctx, "Open", "/desk/tickets", open)
}

// open makes a call that gives a ticket.
func (c *Client) open(ctx context.Context, op, path string, body any) (conversation.Ticket, error) {
	var result OpenResult
	if err := c.call(ctx, op, http.MethodPost, path, body, &result); err != nil {
		return conversation.Ticket{}, err
	}
	if result.ID == "" {
		return conversation.Ticket{}, connector.Errorf(Name, op, connector.UncertainOutcome, "the answer names no ticket")
	}
	return conversation.Ticket{ID: result.ID, URL: result.URL}, nil
}

func (c *Client) group(asked string) string {
	if asked != "" {
		return asked
	}
	return c.config.Group
}

// Assign gives the ticket to an agent or a group, or back to the queue.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	call := "/assign"
	if req.Agent == "" && req.Group == "" {
		call = "/unassign"
	}
	return c.call(ctx, "Assign", http.MethodPost, ticketPath(req.Ticket)+call,
		AssignRequest{Key: string(req.Key), Agent: req.Agent, Group: req.Group}, &Result{})
}

// CloseTicket closes the ticket.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	closing := CloseRequest{Key: string(req.Key)}
	if req.ByCustomer {
		closing.Reason = reasonCustomerLeft
	}
	return c.call(ctx, "CloseTicket", http.MethodPost, ticketPath(req.Ticket)+"/close", closing, &Result{})
}

// WriteNote writes words that only agents see.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	for i, part := range split(req.Text, MaxText) {
		note := NoteRequest{Key: partKey(req.Key, i), Text: part}
		if err := c.call(ctx, "WriteNote", http.MethodPost, ticketPath(req.Ticket)+"/notes", note, &SendResult{}); err != nil {
			return err
		}
	}
	return nil
}

// Availability says whether somebody is there; everybody busy while others wait is a queue.
func (c *Client) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	path := "/desk/availability"
	if group := c.group(req.Group); group != "" {
		path += "?group=" + url.QueryEscape(group)
	}
	var there Availability
	if err := c.call(ctx, "Availability", http.MethodGet, path, nil, &there); err != nil {
		return connector.AvailabilityUnknown, err
	}
	if !there.Online {
		return connector.Offline, nil
	}
	for _, agent := range there.Agents {
		if agent.Online && agent.Active == 0 {
			return connector.Online, nil
		}
	}
	if there.Waiting > 0 {
		return connector.Queueing, nil
	}
	return connector.Online, nil
}

// SendTyping shows that the other side is typing.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	typing := TypingRequest{Author: speaker(req.Author), Typing: req.On}
	if req.Ticket.ID != "" {
		typing.Author.Role = RoleCustomer
	}
	return c.call(ctx, "SendTyping", http.MethodPost, eitherPath(req.To, req.Ticket)+"/typing", typing, &Result{})
}

// Check proves that the secret is right.
func (c *Client) Check(ctx context.Context) error {
	return c.call(ctx, "Check", http.MethodGet, "/ping", nil, &Result{})
}
