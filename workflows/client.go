package workflows

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/conversation"
)

const (
	// signalWithin bounds one try to store an event: a vendor waits for the answer.
	signalWithin = 1400 * time.Millisecond
	// commandWithin bounds a command, and maxCommands how many may be under way for one conversation: bursts of updates
	// to one workflow collapse.
	commandWithin = 5 * time.Second
	maxCommands   = 5
	// queryWithin bounds a look at a conversation. The first try has half of it, which must outlast the wait for a worker
	// that died with the conversation in memory.
	queryWithin = 8 * time.Second
	// rememberTickets bounds the cache of ticket to conversation.
	rememberTickets = 10_000
	pageSize        = 50
	// maxActive bounds how many conversations one look heals.
	maxActive = 5_000
)

// Client reaches the conversations for the gateway, the activities and the commands. It is safe for concurrent use.
type Client struct {
	temporal  client.Client
	taskQueue string
	// routes are the routes by their channel connection.
	routes map[string][]conversation.Route

	mu       sync.Mutex
	tickets  map[string]string
	commands map[string]int
}

// NewClient makes a client. Routes are the configured ones; TaskQueue "" means DefaultTaskQueue.
func NewClient(c client.Client, taskQueue string, routes []conversation.Route) *Client {
	if taskQueue == "" {
		taskQueue = DefaultTaskQueue
	}
	byChannel := make(map[string][]conversation.Route, len(routes))
	for _, r := range routes {
		byChannel[r.Channel.Name] = append(byChannel[r.Channel.Name], r)
	}
	return &Client{
		temporal: c, taskQueue: taskQueue, routes: byChannel, tickets: map[string]string{}, commands: map[string]int{},
	}
}

// Signal stores an event with its conversation. When it returns without an error the event is durable: with its
// conversation, with a LateEvent that looks for it, or known to change nothing. An error means that nothing is known to
// be stored, and that the same event may be signalled again.
func (c *Client) Signal(ctx context.Context, a conversation.Arrival) (conversation.Result, error) {
	result, err := c.trySignal(ctx, a)
	if err != nil && transient(err) && ctx.Err() == nil {
		result, err = c.trySignal(ctx, a)
	}
	return result, err
}

func (c *Client) trySignal(ctx context.Context, a conversation.Arrival) (conversation.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, signalWithin)
	defer cancel()
	if a.ID != "" {
		return c.signalID(ctx, a)
	}
	err := c.signalTicket(ctx, a)
	switch {
	case err == nil:
		return conversation.Accepted, nil
	case errors.Is(err, errOver):
		return conversation.NoConversation, nil
	case errors.Is(err, conversation.ErrNotFound):
		return conversation.Late, c.startLate(ctx, a)
	}
	return "", err
}

// signalID signals a conversation whose id is known, and starts it if the event may.
func (c *Client) signalID(ctx context.Context, a conversation.Arrival) (conversation.Result, error) {
	routes := c.routes[a.Connection]
	known, now := len(routes) > 0, time.Now()
	tooOld := known && !a.Event.At.IsZero() && a.Event.At.Before(now.Add(-linger(routes)))
	if a.Starts && a.Event.Kind.MayStart() && known && !tooOld {
		fresh := conversation.New(a.ID, at(now, routes)...)
		_, err := c.temporal.SignalWithStartWorkflow(ctx, a.ID, SignalEvent, a.Event, c.startOptions(&fresh), ConversationType, fresh)
		return conversation.Accepted, err
	}
	err := c.temporal.SignalWorkflow(ctx, a.ID, "", SignalEvent, a.Event)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); !ok {
		return conversation.Accepted, err
	}
	if tooOld {
		return conversation.TooOld, nil
	}
	return conversation.NoConversation, nil
}

// linger gives how long conversations of any of the routes remember their events.
func linger(routes []conversation.Route) time.Duration {
	var longest conversation.Duration
	for _, r := range routes {
		longest = max(longest, r.WithDefaults().Policy.Linger)
	}
	return time.Duration(longest)
}

// at gives the routes as they are for conversations that begin now.
func at(now time.Time, routes []conversation.Route) []conversation.Route {
	var all []conversation.Route
	for _, r := range routes {
		all = append(all, r.At(now))
	}
	return all
}

func (c *Client) startOptions(fresh *conversation.Conversation) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       fresh.ID,
		TaskQueue:                c.taskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            fresh.Route.Name + ": " + fresh.Route.Channel.Name + " → " + fresh.Route.Desks[0].Name,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			AttributeState.ValueSet(string(fresh.State)),
			AttributeRoute.ValueSet(fresh.Route.Name),
			AttributeChannel.ValueSet(fresh.Route.Channel.Name),
			AttributeDesk.ValueSet(fresh.Route.Desks[0].Name),
			AttributeSince.ValueSet(time.Now()),
		),
	}
}

// errOver says that the ticket's conversation has lingered out.
var errOver = errors.New("the conversation is over")

// signalTicket signals the conversation that has the arrival's ticket.
func (c *Client) signalTicket(ctx context.Context, a conversation.Arrival) error {
	ticket := a.Connection + "/" + a.Ticket
	c.mu.Lock()
	id, cached := c.tickets[ticket]
	c.mu.Unlock()
	if !cached || a.Ticket == "" {
		found, err := c.findTicket(ctx, a)
		if err != nil {
			return err
		}
		id = found
		c.remember(ticket, id, a.Ticket != "")
	}
	err := c.temporal.SignalWorkflow(ctx, id, "", SignalEvent, a.Event)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return errOver
	}
	return err
}

func (c *Client) remember(ticket, id string, keep bool) {
	if !keep {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tickets) >= rememberTickets {
		// It is a cache: starting over costs some look-ups.
		c.tickets = map[string]string{}
	}
	c.tickets[ticket] = id
}

// Locate gives the id of the conversation that an arrival is about; conversation.ErrNotFound means that none is running.
func (c *Client) Locate(ctx context.Context, a conversation.Arrival) (string, error) {
	if a.ID != "" {
		return a.ID, nil
	}
	c.mu.Lock()
	id, cached := c.tickets[a.Connection+"/"+a.Ticket]
	c.mu.Unlock()
	if cached && a.Ticket != "" {
		return id, nil
	}
	id, err := c.findTicket(ctx, a)
	if errors.Is(err, errOver) {
		return "", conversation.ErrNotFound
	}
	return id, err
}

// findTicket asks visibility for the conversation that has the arrival's ticket: the running one, if there is one.
func (c *Client) findTicket(ctx context.Context, a conversation.Arrival) (string, error) {
	query := fmt.Sprintf("%s = '%s'", AttributeTicket.GetName(), quoted(a.Connection+"/"+a.Ticket))
	if a.Ticket == "" {
		query = fmt.Sprintf("%s STARTS_WITH '%s'", AttributeTicket.GetName(), quoted(a.Connection+"/"+a.TicketPrefix))
	}
	answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 10})
	if err != nil {
		return "", err
	}
	over := false
	for _, e := range answer.GetExecutions() {
		switch e.GetStatus() {
		case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return e.GetExecution().GetWorkflowId(), nil
		case enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
			// The run that follows has the same id.
			return e.GetExecution().GetWorkflowId(), nil
		default:
			over = true
		}
	}
	if over {
		return "", errOver
	}
	return "", conversation.ErrNotFound
}

// startLate keeps an event whose conversation is not found yet.
func (c *Client) startLate(ctx context.Context, a conversation.Arrival) error {
	id := LateEventID(a.Connection, a.Event.ID)
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: c.taskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		StaticSummary:            "late " + string(a.Event.Kind) + " of " + a.Connection,
	}, LateEventType, a)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return nil
	}
	return err
}

// PassOn signals the conversation that has the arrival's ticket; conversation.ErrNotFound means that none has it yet.
func (c *Client) PassOn(ctx context.Context, a conversation.Arrival) error {
	err := c.signalTicket(ctx, a)
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// View looks at a conversation, running or over.
func (c *Client) View(ctx context.Context, id string) (conversation.View, error) {
	var view conversation.View
	return view, c.query(ctx, id, &view, QueryView)
}

// Missing gives those of the events that the conversation does not know.
func (c *Client) Missing(ctx context.Context, id string, events []conversation.Event) ([]conversation.Event, error) {
	var missing []conversation.Event
	return missing, c.query(ctx, id, &missing, QueryMissing, events)
}

func (c *Client) query(ctx context.Context, id string, into any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	answer, err := c.temporal.QueryWorkflow(ctx, id, "", query, args...)
	if err != nil {
		return known(err)
	}
	return answer.Get(into)
}

// Command has a conversation do an operator's command, and answers after it took effect. Ev.ID is the idempotency key.
// A command that the state forbids gives an error that wraps conversation.ErrRefused and says why.
func (c *Client) Command(ctx context.Context, id string, ev conversation.Event) (conversation.CommandOutcome, error) {
	var outcome conversation.CommandOutcome
	if !c.enter(id) {
		return outcome, conversation.ErrBusy
	}
	defer c.leave(id)
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateID: ev.ID, UpdateName: UpdateCommand, Args: []any{ev},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &outcome)
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return outcome, fmt.Errorf("%w: %s", conversation.ErrRefused, refused.Message())
	}
	return outcome, known(err)
}

func (c *Client) enter(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.commands[id] >= maxCommands {
		return false
	}
	c.commands[id]++
	return true
}

func (c *Client) leave(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.commands[id]--; c.commands[id] == 0 {
		delete(c.commands, id)
	}
}

// List lists conversations, newest first, and gives the token of the next page, or "".
func (c *Client) List(ctx context.Context, f conversation.Filter) ([]conversation.Summary, string, error) {
	query := []string{"WorkflowType = '" + ConversationType + "'", "ExecutionStatus != 'ContinuedAsNew'"}
	for _, x := range []struct{ attribute, value string }{
		{AttributeState.GetName(), string(f.State)}, {AttributeRoute.GetName(), f.Route}, {AttributeTicket.GetName(), f.Ticket},
	} {
		if x.value != "" {
			query = append(query, fmt.Sprintf("%s = '%s'", x.attribute, quoted(x.value)))
		}
	}
	size := f.Size
	if size <= 0 || size > 10*pageSize {
		size = pageSize
	}
	page, err := base64.RawURLEncoding.DecodeString(f.Page)
	if err != nil {
		return nil, "", conversation.ErrNotFound
	}
	answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: strings.Join(query, " AND "), PageSize: int32(size), NextPageToken: page,
	})
	if err != nil {
		return nil, "", known(err)
	}
	summaries := make([]conversation.Summary, 0, len(answer.GetExecutions()))
	for _, e := range answer.GetExecutions() {
		summaries = append(summaries, summaryOf(e))
	}
	return summaries, base64.RawURLEncoding.EncodeToString(answer.GetNextPageToken()), nil
}

func summaryOf(e *workflowpb.WorkflowExecutionInfo) conversation.Summary {
	s := conversation.Summary{
		ID:      e.GetExecution().GetWorkflowId(),
		Running: e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}
	fields := e.GetSearchAttributes().GetIndexedFields()
	read := func(name string, into any) {
		if p, ok := fields[name]; ok {
			_ = converter.GetDefaultDataConverter().FromPayload(p, into)
		}
	}
	read(AttributeState.GetName(), &s.State)
	read(AttributeRoute.GetName(), &s.Route)
	read(AttributeDesk.GetName(), &s.Desk)
	read(AttributeTicket.GetName(), &s.Ticket)
	read(AttributeAgent.GetName(), &s.Agent)
	read(AttributeReason.GetName(), &s.Reason)
	read(AttributeSince.GetName(), &s.Since)
	return s
}

// Active lists the running conversations of a connection that a human has or is asked for.
func (c *Client) Active(ctx context.Context, connection string) ([]string, error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND (%s = '%s' OR %s = '%s') AND %s IN ('%s', '%s', '%s')",
		ConversationType, AttributeDesk.GetName(), quoted(connection), AttributeChannel.GetName(), quoted(connection),
		AttributeState.GetName(), conversation.Waiting, conversation.Assigned, conversation.Reassigning)
	var ids []string
	var page []byte
	for {
		answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 500, NextPageToken: page})
		if err != nil {
			return nil, known(err)
		}
		for _, e := range answer.GetExecutions() {
			ids = append(ids, e.GetExecution().GetWorkflowId())
		}
		page = answer.GetNextPageToken()
		if len(page) == 0 || len(ids) >= maxActive {
			return ids, nil
		}
	}
}

// Ahead counts the customers who have been waiting at the desk for longer than since. Those who wait for an opening, or
// for the answer to a ticket that they left, are in nobody's way.
func (c *Client) Ahead(ctx context.Context, desk string, since time.Time) (int, error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND %s = '%s' AND %s IN ('%s', '%s') AND %s < '%s' AND %s NOT IN ('%s', '%s', '%s')",
		ConversationType, AttributeDesk.GetName(), quoted(desk), AttributeState.GetName(), conversation.Waiting, conversation.Reassigning,
		AttributeSince.GetName(), since.UTC().Format(time.RFC3339Nano),
		AttributeReason.GetName(), conversation.OutOfHours, conversation.LeftAsTicket, conversation.NobodyThere)
	answer, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return 0, known(err)
	}
	return int(answer.GetCount()), nil
}

// StartHealing sees to it that the connection's Healing workflow runs, and has it look now.
func (c *Client) StartHealing(ctx context.Context, in HealingInput) error {
	_, err := c.temporal.SignalWithStartWorkflow(ctx, HealingID(in.Connection), SignalWake, nil, client.StartWorkflowOptions{
		ID: HealingID(in.Connection), TaskQueue: c.taskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "reads what " + in.Connection + " did not tell",
	}, HealingType, in)
	return err
}

// Ready reports whether events can be stored. A server whose database is away says all the same that it is well, so it is
// asked for a conversation, of an id that none has.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.temporal.DescribeWorkflowExecution(ctx, "ready?", "")
	if err = known(err); errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	return err
}

// known turns Temporal's word for a missing workflow into ours.
func known(err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return conversation.ErrNotFound
	}
	return err
}

// transient reports whether the same call may succeed at once.
func transient(err error) bool {
	var deadline *serviceerror.DeadlineExceeded
	var unavailable *serviceerror.Unavailable
	return errors.As(err, &deadline) || errors.As(err, &unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// quoted makes a value safe inside a visibility query.
func quoted(s string) string { return strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) }
