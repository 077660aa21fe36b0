package connectortest

import (
	"bytes"
	"context"
	"io"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What the suite says, and what must not show in errors and logs.
const (
	customerName = "Zerlina Quux"
	customerMail = "zerlina@quux.example"
	agentName    = "Ottokar Vole"
	saidText     = "the violet parcel never came"
	editedText   = "the violet parcel came"
)

// The methods that call a vendor, as Vendor.Ops, exceptions and errors name them.
const (
	methodDeliver   = "Deliver"
	methodReply     = "Reply"
	methodOpen      = "Open"
	methodPost      = "Post"
	methodPause     = "PauseBot"
	methodResume    = "ResumeBot"
	methodNotify    = "NotifyState"
	methodAssign    = "Assign"
	methodPrepare   = "PrepareTicket"
	methodFindOpen  = "FindTicket"
	methodClose     = "CloseTicket"
	methodNote      = "WriteNote"
	methodAvailable = "Availability"
	methodTyping    = "SendTyping"
	methodAttach    = "SendAttachment"
	methodFetch     = "FetchAttachment"
	methodFind      = "FindSent"
	methodList      = "ListMessages"
	methodQueue     = "Queue"
	methodRead      = "MarkRead"
	methodMirror    = "Mirror"
	methodUpdate    = "UpdateTicket"
	methodEdit      = "EditMessage"
	methodSurvey    = "AskRating"
	methodButtons   = "SendButtons"
	methodRating    = "WriteRating"
	methodSubscribe = "Subscribe"
	methodCheck     = "Check"
)

// methodsOf lists the methods of c that call the vendor.
func methodsOf(c connector.Connector) []string {
	var names []string
	for _, m := range []struct {
		name string
		has  bool
	}{
		{methodDeliver, is[connector.Channel](c)},
		{methodReply, is[connector.Bot](c)},
		{methodPrepare, is[connector.TicketPreparer](c)},
		{methodOpen, is[connector.Desk](c)},
		{methodFindOpen, is[connector.TicketFinder](c)},
		{methodPost, is[connector.Desk](c)},
		{methodPause, is[connector.BotPauser](c)},
		{methodResume, is[connector.BotResumer](c)},
		{methodNotify, is[connector.StateNotifier](c)},
		{methodAssign, is[connector.AgentAssigner](c)},
		{methodNote, is[connector.NoteWriter](c)},
		{methodAvailable, is[connector.AvailabilityReader](c)},
		{methodTyping, is[connector.TypingSender](c)},
		{methodAttach, is[connector.AttachmentSender](c)},
		{methodFetch, is[connector.AttachmentFetcher](c)},
		{methodFind, is[connector.SentFinder](c)},
		{methodList, is[connector.MessageLister](c)},
		{methodQueue, is[connector.QueueReader](c)},
		{methodRead, is[connector.ReadMarker](c)},
		{methodMirror, is[connector.TicketMirror](c)},
		{methodUpdate, is[connector.TicketUpdater](c)},
		{methodEdit, is[connector.MessageEditor](c)},
		{methodSurvey, is[connector.Surveyor](c)},
		{methodButtons, is[connector.ButtonSender](c)},
		{methodRating, is[connector.RatingWriter](c)},
		{methodSubscribe, is[connector.Subscriber](c)},
		{methodCheck, is[connector.Checker](c)},
		{methodClose, is[connector.TicketCloser](c)},
	} {
		if m.has {
			names = append(names, m.name)
		}
	}
	return names
}

func is[I any](c connector.Connector) bool {
	_, ok := c.(I)
	return ok
}

// call is one method, ready to be called: everything that it needs at the vendor is there.
type call func(ctx context.Context, key conversation.Key) error

// prepare makes a method ready. The call looks at w.conn when it is made, so that the connection may be another by then.
func (w *world) prepare(method string) call {
	w.Helper()
	switch method {
	case methodDeliver, methodButtons, methodPause, methodResume, methodNotify:
		return w.prepareChannel(method)
	case methodReply:
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.conn.(connector.Bot).Reply(ctx, connector.ReplyRequest{
				Key: key, Conversation: "under-test:c1", Text: saidText, Customer: conversation.Customer{Name: customerName},
			})
			return err
		}
	case methodOpen, methodPrepare, methodFindOpen:
		return w.prepareOpening(method)
	case methodMirror, methodUpdate, methodEdit, methodSurvey, methodRating:
		return w.prepareShowing(method)
	case methodPost, methodAssign, methodClose, methodNote, methodQueue:
		return w.prepareTicket(method)
	case methodTyping, methodAttach, methodFind, methodList, methodRead:
		return w.prepareEither(method)
	case methodAvailable:
		return func(ctx context.Context, _ conversation.Key) error {
			_, err := w.conn.(connector.AvailabilityReader).Availability(ctx, connector.AvailabilityRequest{})
			return err
		}
	case methodFetch:
		require.NotNil(w, w.vendor.File, "Vendor.File is needed for FetchAttachment")
		a := w.vendor.File([]byte("content"))
		return func(ctx context.Context, _ conversation.Key) error {
			f, err := w.conn.(connector.AttachmentFetcher).FetchAttachment(ctx, a)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, f)
			_ = f.Close()
			return err
		}
	case methodSubscribe:
		return func(ctx context.Context, _ conversation.Key) error {
			return w.conn.(connector.Subscriber).Subscribe(ctx, publicURL+"/webhooks/"+connectionName)
		}
	case methodCheck:
		return func(ctx context.Context, _ conversation.Key) error { return w.conn.(connector.Checker).Check(ctx) }
	}
	w.Errorf("the suite does not know the method %q", method)
	w.FailNow()
	return nil
}

func (w *world) prepareChannel(method string) call {
	w.Helper()
	to, vendor := w.conversation()
	switch method {
	case methodPause:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.BotPauser).PauseBot(ctx, connector.PauseRequest{Key: key, To: to, Vendor: vendor})
		}
	case methodResume:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.BotResumer).ResumeBot(ctx, connector.ResumeRequest{Key: key, To: to, Launch: true, Vendor: vendor})
		}
	case methodNotify:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.StateNotifier).NotifyState(ctx, connector.StateRequest{
				Key: key, To: to, Vendor: vendor, Change: conversation.Change{
					From: conversation.Waiting, To: conversation.Assigned, Reason: conversation.AgentTook,
					Agent: conversation.Author{ID: "a1", Name: agentName},
				},
			})
		}
	default:
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.say(ctx, method, key, saidText)
			return err
		}
	}
}

// deliver says a text to the world's conversation.
func (w *world) deliver(ctx context.Context, key conversation.Key, text string) (connector.Receipt, error) {
	return w.conn.(connector.Channel).Deliver(ctx, w.deliverRequest(key, text))
}

// offer says a text with buttons to the world's conversation.
func (w *world) offer(ctx context.Context, key conversation.Key, text string) (connector.Receipt, error) {
	return w.conn.(connector.ButtonSender).SendButtons(ctx, connector.ButtonsRequest{
		DeliverRequest: w.deliverRequest(key, text),
		Buttons:        []conversation.Button{{Label: "Yes & now", Value: "yes"}, {Label: "No"}},
	})
}

func (w *world) deliverRequest(key conversation.Key, text string) connector.DeliverRequest {
	to, vendor := w.conversation()
	return connector.DeliverRequest{
		Key: key, To: to, Text: text, Author: conversation.Author{ID: "a1", Name: agentName}, Vendor: vendor,
	}
}

// post says a text to the world's ticket.
func (w *world) post(ctx context.Context, key conversation.Key, text string) (connector.Receipt, error) {
	ticket := w.openTicket()
	return w.conn.(connector.Desk).Post(ctx, connector.PostRequest{
		Key: key, Ticket: ticket, Text: text, At: fixtureTime, Vendor: w.deskVendor,
	})
}

func (w *world) prepareOpening(method string) call {
	w.Helper()
	if method == methodPrepare {
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.conn.(connector.TicketPreparer).PrepareTicket(ctx, connector.OpenRequest{
				Key: key, Conversation: "under-test:c1", Customer: conversation.Customer{Name: customerName, Email: customerMail},
			})
			return err
		}
	}
	req := w.openRequest("")
	if method == methodFindOpen {
		w.openTicket()
		return func(ctx context.Context, key conversation.Key) error {
			req.Key = key
			_, _, err := w.conn.(connector.TicketFinder).FindTicket(ctx, req)
			return err
		}
	}
	return func(ctx context.Context, key conversation.Key) error {
		req.Key = key
		_, err := w.conn.(connector.Desk).Open(ctx, req)
		return err
	}
}

func (w *world) prepareTicket(method string) call {
	w.Helper()
	ticket := w.openTicket()
	switch method {
	case methodAssign:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.AgentAssigner).Assign(ctx, connector.AssignRequest{
				Key: key, Ticket: ticket, Agent: w.vendor.Agent, Group: w.vendor.Group, Vendor: w.deskVendor,
			})
		}
	case methodClose:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.TicketCloser).CloseTicket(ctx, connector.CloseRequest{Key: key, Ticket: ticket, Vendor: w.deskVendor})
		}
	case methodNote:
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.NoteWriter).WriteNote(ctx, connector.NoteRequest{
				Key: key, Ticket: ticket, Text: saidText, Vendor: w.deskVendor,
			})
		}
	case methodQueue:
		return func(ctx context.Context, _ conversation.Key) error {
			_, err := w.conn.(connector.QueueReader).Queue(ctx, connector.QueueRequest{Ticket: ticket, Vendor: w.deskVendor})
			return err
		}
	default:
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.post(ctx, key, saidText)
			return err
		}
	}
}

// prepareEither makes those methods ready that are about a conversation of a channel or a ticket of a desk. A desk is
// preferred: it is where the abilities matter most.
func (w *world) prepareEither(method string) call {
	w.Helper()
	var to string
	var ticket conversation.Ticket
	var vendor map[string]string
	if is[connector.Desk](w.conn) {
		ticket = w.openTicket()
		vendor = w.deskVendor
	} else {
		to, vendor = w.conversation()
	}
	author := conversation.Author{ID: "a1", Name: agentName}
	switch method {
	case methodTyping:
		return func(ctx context.Context, _ conversation.Key) error {
			return w.conn.(connector.TypingSender).SendTyping(ctx, connector.TypingRequest{
				To: to, Ticket: ticket, On: true, Author: author, Vendor: vendor,
			})
		}
	case methodRead:
		return func(ctx context.Context, _ conversation.Key) error {
			return w.conn.(connector.ReadMarker).MarkRead(ctx, connector.ReadRequest{
				To: to, Ticket: ticket, At: fixtureTime, Author: author, Vendor: vendor,
			})
		}
	case methodAttach:
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.conn.(connector.AttachmentSender).SendAttachment(ctx, connector.AttachmentRequest{
				Key: key, To: to, Ticket: ticket, Author: author, Vendor: vendor, Open: openPicture, Attachment: picture,
			})
			return err
		}
	case methodFind:
		return func(ctx context.Context, key conversation.Key) error {
			_, _, err := w.conn.(connector.SentFinder).FindSent(ctx, connector.FindRequest{
				Key: key, To: to, Ticket: ticket, Text: saidText, Since: fixtureTime, Vendor: vendor,
			})
			return err
		}
	default:
		return func(ctx context.Context, _ conversation.Key) error {
			_, err := w.conn.(connector.MessageLister).ListMessages(ctx, connector.ListRequest{
				To: to, Ticket: ticket, State: conversation.Assigned, Vendor: vendor,
			})
			return err
		}
	}
}

// picturesAt is where pictures lie that no fake serves.
const picturesAt = "https://files.example/"

// picture is the file that attachments are tried with.
var picture = conversation.Attachment{
	URL: picturesAt + "receipt.png", Name: "receipt.png", ContentType: "image/png", Size: int64(len(pictureBytes)),
}

const pictureBytes = "\x89PNG\r\n\x1a\nnot really"

func openPicture(context.Context) (connector.File, error) {
	return connector.File{
		ReadCloser: io.NopCloser(bytes.NewReader([]byte(pictureBytes))), Name: picture.Name, ContentType: picture.ContentType,
		Size: picture.Size,
	}, nil
}
