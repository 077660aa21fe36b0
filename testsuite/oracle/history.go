package oracle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// maxEvents bounds a run.
const maxEvents = 8_200

// Run is one exported run.
type Run struct {
	WorkflowID, RunID, Type string
	Status                  enumspb.WorkflowExecutionStatus
	Attributes              map[string]string
	History                 *historypb.History
}

// Signals gives the events that the run was told, in order.
func (r Run) Signals() []conversation.Event {
	var events []conversation.Event
	for _, h := range r.History.GetEvents() {
		signal := h.GetWorkflowExecutionSignaledEventAttributes()
		if signal.GetSignalName() != workflows.SignalEvent {
			continue
		}
		var ev conversation.Event
		if converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &ev) == nil {
			events = append(events, ev)
		}
	}
	return events
}

// told gives what the run learned besides its signals: words that the desk had not told, and commands.
func (r Run) told() (missed, commands int) {
	for _, h := range r.History.GetEvents() {
		if done := h.GetActivityTaskCompletedEventAttributes(); done != nil {
			var outcomes []conversation.Event
			if converter.GetDefaultDataConverter().FromPayloads(done.GetResult(), &outcomes) != nil {
				continue
			}
			for _, ev := range outcomes {
				if ev.Kind == conversation.CaughtUp {
					missed += len(ev.Missed)
				}
			}
		}
		if h.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED {
			commands++
		}
	}
	return missed, commands
}

// Sound checks the runs by themselves: all replay, none was forced to a close or ran differently, none is too long, and
// none ended with an event that it had not seen.
func Sound(runs []Run) (findings []string) {
	replayer := sdkworker.NewWorkflowReplayer()
	worker.RegisterWorkflows(replayer)
	for _, r := range runs {
		where := r.Type + " " + r.WorkflowID + "/" + r.RunID
		if err := replayer.ReplayWorkflowHistory(nil, r.History); err != nil {
			findings = append(findings, fmt.Sprintf("%s does not replay: %v", where, err))
		}
		if n := len(r.History.GetEvents()); n > maxEvents {
			findings = append(findings, fmt.Sprintf("%s has %d events", where, n))
		}
		lastSignal, lastTask := int64(0), int64(0)
		for _, h := range r.History.GetEvents() {
			switch h.GetEventType() {
			case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
				cause := h.GetWorkflowTaskFailedEventAttributes().GetCause()
				if cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND && cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW {
					findings = append(findings, fmt.Sprintf("%s: a workflow task failed: %s: %s", where, cause,
						h.GetWorkflowTaskFailedEventAttributes().GetFailure().GetMessage()))
				}
			case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
				lastSignal = h.GetEventId()
			case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
				lastTask = h.GetEventId()
			default:
			}
		}
		if r.Status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && lastSignal > lastTask {
			findings = append(findings, where+" ended with an event unseen")
		}
	}
	return findings
}

// Stored checks that each event that a fake was told is accepted is in a history: acknowledged and missing is never
// right.
func Stored(runs []Run, attempts []fake.Attempt) (findings []string) {
	stored := map[string]bool{}
	for _, r := range runs {
		for _, ev := range r.Signals() {
			stored[ev.ID] = true
		}
	}
	for _, a := range attempts {
		id := idOf(a.Body)
		if a.Status >= 200 && a.Status <= 299 && id != "" && !stored[id] {
			findings = append(findings, "accepted and not stored: "+id)
		}
	}
	return findings
}

// idOf reads the vendors' own ids of what people said: Landbot's message id and LiveChat's event id.
func idOf(body string) string {
	var hook struct {
		Messages []struct {
			Sender struct {
				Type string `json:"type"`
			} `json:"sender"`
			Raw struct {
				UUID string `json:"uuid"`
			} `json:"_raw"`
		} `json:"messages"`
		Action  string `json:"action"`
		Payload struct {
			Event struct {
				ID       string `json:"id"`
				Type     string `json:"type"`
				AuthorID string `json:"author_id"`
			} `json:"event"`
		} `json:"payload"`
	}
	if json.Unmarshal([]byte(body), &hook) != nil {
		return ""
	}
	if len(hook.Messages) == 1 && hook.Messages[0].Sender.Type == "customer" {
		return hook.Messages[0].Raw.UUID
	}
	if hook.Action == "incoming_event" && strings.Contains(hook.Payload.Event.AuthorID, "@") && hook.Payload.Event.Type == "message" {
		return hook.Payload.Event.ID
	}
	return ""
}

// Counted checks a conversation's own books against the histories and against themselves: received = applied +
// duplicates + ignored = what the histories hold, and decided = delivered + withheld + uncertain + failed + pending.
func Counted(runs []Run, view conversation.View) (findings []string) {
	c := view.Counts
	told := 0
	for _, r := range runs {
		if r.WorkflowID != view.ID {
			continue
		}
		for _, ev := range r.Signals() {
			if ev.ID != "" {
				told++
			}
		}
		missed, commands := r.told()
		told += missed + commands
	}
	if c.Received != told {
		findings = append(findings, fmt.Sprintf("%s received %d events, and its histories hold %d", view.ID, c.Received, told))
	}
	if c.Received != c.Applied+c.Duplicates+c.Ignored {
		findings = append(findings, fmt.Sprintf("%s: received %d is not applied %d + duplicates %d + ignored %d",
			view.ID, c.Received, c.Applied, c.Duplicates, c.Ignored))
	}
	if got := c.Delivered + c.Withheld + c.Uncertain + c.Failed + len(view.Pending); c.Decided != got {
		findings = append(findings, fmt.Sprintf("%s: decided %d is not delivered %d + withheld %d + uncertain %d + failed %d + pending %d",
			view.ID, c.Decided, c.Delivered, c.Withheld, c.Uncertain, c.Failed, len(view.Pending)))
	}
	return append(findings, oneOwner(view)...)
}

// oneOwner checks the chain of states: each change begins where the one before ended, is one of the table's, and the
// epoch never falls.
func oneOwner(view conversation.View) (findings []string) {
	table := map[conversation.State][]conversation.State{
		conversation.InBot:       {conversation.Waiting, conversation.Ended},
		conversation.Waiting:     {conversation.Assigned, conversation.Reassigning, conversation.InBot, conversation.Ended, conversation.Waiting},
		conversation.Assigned:    {conversation.Assigned, conversation.Reassigning, conversation.InBot, conversation.Ended, conversation.Waiting},
		conversation.Reassigning: {conversation.Assigned, conversation.Reassigning, conversation.InBot, conversation.Ended, conversation.Waiting},
		conversation.Ended:       {conversation.InBot, conversation.Waiting},
	}
	for i, change := range view.History {
		if !slices.Contains(table[change.From], change.To) {
			findings = append(findings, fmt.Sprintf("%s went from %s to %s", view.ID, change.From, change.To))
		}
		if i > 0 && (view.History[i-1].To != change.From || view.History[i-1].Epoch > change.Epoch) {
			findings = append(findings, fmt.Sprintf("%s: its change %d does not follow the one before", view.ID, i))
		}
	}
	if n := len(view.History); n > 0 && view.History[n-1].To != view.State {
		findings = append(findings, fmt.Sprintf("%s is %s, and its history ends with %s", view.ID, view.State, view.History[n-1].To))
	}
	lines := map[string]bool{}
	for _, line := range view.Transcript.Lines {
		if line.MessageID != "" && lines[line.MessageID] {
			findings = append(findings, fmt.Sprintf("%s took message %s twice", view.ID, line.MessageID))
		}
		lines[line.MessageID] = true
	}
	return findings
}

// Runs gives the runs of one workflow, oldest first.
func Runs(runs []Run, workflowID string) []Run {
	var own []Run
	for _, r := range runs {
		if r.WorkflowID == workflowID {
			own = append(own, r)
		}
	}
	return own
}
