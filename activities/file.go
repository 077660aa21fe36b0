package activities

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// scanPatience is how long a file waits for a scanner that does not answer. Then it is refused: what is said after it
// waits too.
const scanPatience = 2 * time.Minute

// passage is the way of one file through one activity.
type passage struct {
	files  *files.Opener
	source string
	file   conversation.Attachment
	held   files.Held
	// failed is why the file could not be opened, or broke off. It is not the sender's fault, whatever the sender makes of it.
	failed error
}

// open opens the file for a sender, and remembers what goes wrong with it.
func (p *passage) open(ctx context.Context) (connector.File, error) {
	f, err := p.held.Open(ctx)
	if err != nil {
		p.failed = err
		return f, err
	}
	f.ReadCloser = &watched{f, p}
	return f, nil
}

// watched tells the passage why a file broke off.
type watched struct {
	connector.File
	p *passage
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.File.Read(b)
	if files.ReasonOf(err) != "" {
		w.p.failed = err
	}
	return n, err
}

// instead is what is said in the place of a file, and why.
type instead struct {
	text string
	why  conversation.Reason
}

// pass has send pass a file on. It gives what to say instead, if anything is to be said instead.
func (a *Activities) pass(
	ctx context.Context, task conversation.Task, e conversation.Effect,
	send func(open func(ctx context.Context) (connector.File, error)) (connector.Receipt, error),
) (receipt connector.Receipt, say instead, err error) {
	p := &passage{files: a.Files, source: task.Source, file: *e.Attachment}
	p.held, err = a.Files.Hold(ctx, task.Source, *e.Attachment)
	if err == nil {
		defer p.held.Release()
		receipt, err = send(p.open)
		if err == nil {
			return receipt, instead{}, nil
		}
	} else {
		p.failed = err
	}
	switch reason := files.ReasonOf(p.failed); {
	case reason == files.NotScanned && time.Since(e.At) < scanPatience:
		return receipt, instead{}, connector.Errorf(task.Source, "scan file", connector.Unavailable, "the scanner does not answer")
	case reason != "":
		return receipt, instead{withCaption(e, a.Files.Sentence(task.Source, *e.Attachment, reason)), conversation.FileRefused}, nil
	case p.failed != nil && !connector.KindOf(p.failed).Permanent():
		return receipt, instead{}, p.failed
	}
	// A vendor that takes no such file, or one that does not give it to us now, leaves its address to be told.
	if kind := connector.KindOf(err); p.failed != nil || kind == connector.Unsupported || kind == connector.Invalid {
		return receipt, instead{a.asText(task.Source, e), conversation.FileAsLink}, nil
	}
	return receipt, instead{}, err
}

// reachable gives an effect's attachment with the address under which people find it.
func (a *Activities) reachable(source string, e conversation.Effect) *conversation.Attachment {
	if e.Attachment == nil {
		return nil
	}
	file := *e.Attachment
	file.URL = a.Files.Address(source, file, e.At)
	return &file
}

// withLinks gives a task whose transcript has the addresses under which people find the attachments. An agent's files are
// at the task's own desk.
func (a *Activities) withLinks(task conversation.Task) conversation.Task {
	lines := make([]conversation.Line, len(task.Transcript))
	for i, l := range task.Transcript {
		if l.Attachment != nil {
			source := task.Source
			if l.Role == conversation.RoleAgent {
				source = task.Connection
			}
			file := *l.Attachment
			file.URL = a.Files.Address(source, file, l.At)
			l.Attachment = &file
		}
		lines[i] = l
	}
	if len(lines) > 0 {
		task.Transcript = lines
	}
	return task
}

// saidInstead lists the texts that may have been sent in the place of a file, besides its address.
func (a *Activities) saidInstead(task conversation.Task, e conversation.Effect) []string {
	var texts []string
	for _, sentence := range a.Files.Sentences(task.Source, *e.Attachment) {
		texts = append(texts, withCaption(e, sentence))
	}
	return texts
}

func withCaption(e conversation.Effect, text string) string {
	if e.Text == "" {
		return text
	}
	return e.Text + "\n" + text
}
