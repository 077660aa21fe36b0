package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// file is a task that sends a file to the customer.
func file(caption string) conversation.Task {
	task := say(caption)
	task.Effects[0].Attachment = &conversation.Attachment{URL: "https://files.example.com/7", Name: "receipt.pdf"}
	return task
}

func TestAFileIsStreamedFromTheVendorThatServesIt(t *testing.T) {
	f := &filer{vendor: &vendor{}}
	a := with(f)
	http := serves(a, fetcher{&vendor{}}, files.Config{})
	_, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Equal(t, "the vendor's receipt.pdf", f.read)
	require.Empty(t, http.sources)
}

func TestAFileOfAVendorWithoutCredentialsIsFetchedOverHTTP(t *testing.T) {
	f := &filer{vendor: &vendor{}}
	a := with(f)
	http := serves(a, &vendor{}, files.Config{})
	_, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Equal(t, "bytes of receipt.pdf", f.read)
	require.Equal(t, []string{"office"}, http.sources)
}

// The whole table of fallback.go for attachments.
func TestAFileThatCannotBeSentBecomesALink(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		link bool
	}{
		{"the vendor takes it", nil, false},
		{"the vendor takes no such file", trouble(connector.Unsupported), true},
		{"the vendor finds something wrong with it", trouble(connector.Invalid), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &filer{vendor: &vendor{}, err: row.err}
			a := with(f)
			_, err := do(t, a, a.Say, file("as promised"))
			require.NoError(t, err)
			want := []string{"file receipt.pdf"}
			if row.link {
				want = append(want, "deliver as promised\nreceipt.pdf\nhttps://files.example.com/7")
			}
			require.Equal(t, want, f.calls)
		})
	}
	for _, kind := range []connector.Kind{connector.Unavailable, connector.UncertainOutcome, connector.Forbidden} {
		t.Run("trouble is no reason for a link: "+string(kind), func(t *testing.T) {
			f := &filer{vendor: &vendor{}, err: trouble(kind)}
			a := with(f)
			_, err := do(t, a, a.Say, file(""))
			require.Equal(t, string(kind), application(t, err).Type())
			require.Equal(t, []string{"file receipt.pdf"}, f.calls)
		})
	}
}

// The whole table of fallback.go for buttons. That channels without buttons are sent none is the model's.
func TestButtonsThatTheVendorDoesNotTakeBecomeLines(t *testing.T) {
	task := say("Well?")
	task.Effects[0].Buttons = []conversation.Button{{Label: "Yes"}, {Label: "Map", URL: "https://shop.example/map"}}
	p := &presser{vendor: &vendor{}}
	events, err := do(t, with(p), with(p).Say, task)
	require.NoError(t, err)
	require.Equal(t, []string{"buttons Well? [Yes]"}, p.calls)
	require.Empty(t, events[0].Degraded)

	p = &presser{vendor: &vendor{}, err: trouble(connector.Unsupported)}
	a := with(p)
	events, err = do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, []string{"buttons Well? [Yes]", "deliver Well?\n- Yes\n- Map: https://shop.example/map"}, p.calls)
	require.Equal(t, conversation.ButtonsAsText, events[0].Degraded)
	require.Equal(t, []string{"shop buttons_as_text"}, a.Sends.(*counter).degraded)

	for _, kind := range []connector.Kind{connector.Unavailable, connector.UncertainOutcome, connector.Invalid} {
		p := &presser{vendor: &vendor{}, err: trouble(kind)}
		_, err := do(t, with(p), with(p).Say, task)
		require.Equal(t, string(kind), application(t, err).Type(), "trouble is no reason for lines")
	}
}

func TestWhatAFileLostOnItsWayIsReported(t *testing.T) {
	for _, row := range []struct {
		err  error
		want []string
	}{{nil, nil}, {trouble(connector.Unsupported), []string{"shop file_as_link"}}} {
		a := with(&filer{vendor: &vendor{}, err: row.err})
		_, err := do(t, a, a.Say, file(""))
		require.NoError(t, err)
		require.Equal(t, row.want, a.Sends.(*counter).degraded)
	}
	a := with(&filer{vendor: &vendor{}})
	serves(a, fetcher{&vendor{}}, files.Config{Sources: map[string]files.Source{"office": {Rules: files.Rules{MaxSize: 3}}}})
	events, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Equal(t, conversation.FileRefused, events[0].Degraded)
}

func TestANoteTellsTheAddressOfAFile(t *testing.T) {
	n := &able{vendor: &vendor{}}
	task := at(conversation.Note)
	task.Effects[0].Text = "The bot sent this:"
	task.Effects[0].Attachment = &conversation.Attachment{URL: "https://files.example.com/7", Name: "map.png"}
	_, err := do(t, with(n), with(n).Note, task)
	require.NoError(t, err)
	require.Equal(t, "The bot sent this:\nmap.png\nhttps://files.example.com/7", n.asked[0].(connector.NoteRequest).Text)
}

func TestAVendorWithoutFilesGetsTheAddress(t *testing.T) {
	v := &vendor{}
	a := with(v)
	_, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	task := at(conversation.Post)
	task.Effects[0].Text = ""
	task.Effects[0].Attachment = &conversation.Attachment{Latitude: 52.5, Longitude: 13.25}
	_, err = do(t, a, a.Post, task)
	require.NoError(t, err)
	require.Equal(t, []string{
		"deliver receipt.pdf\nhttps://files.example.com/7",
		"post https://www.openstreetmap.org/?mlat=52.5&mlon=13.25 to T1",
	}, v.calls)
}

func TestALinkIsLookedForAsItWasSent(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}}}
	a := with(f)
	task := file("as promised")
	task.Effects[0].Doubtful = true
	_, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, "as promised\nreceipt.pdf\nhttps://files.example.com/7", f.asked[0].Text)
	require.Equal(t, "receipt.pdf", f.asked[0].Attachment.Name)
}

func TestATicketIsOpenedOnlyIfSomebodyIsThereWhereThePolicyWantsIt(t *testing.T) {
	for _, row := range []struct {
		name        string
		there       connector.Availability
		err         error
		ifAvailable bool
		opened      bool
		reason      conversation.Reason
	}{
		{"somebody is there", connector.Online, nil, true, true, ""},
		{"somebody is there and busy", connector.Queueing, nil, true, true, ""},
		{"nobody is there", connector.Offline, nil, true, false, ""},
		{"nobody is there and it waits all the same", connector.Offline, nil, false, true, conversation.NobodyThere},
		{"the desk does not say", connector.AvailabilityUnknown, nil, true, true, ""},
		{"asking fails", connector.Offline, trouble(connector.Unavailable), true, true, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &reader{vendor: &vendor{}, there: row.there, err: row.err}
			a := with(r)
			task := at(conversation.OpenTicket)
			task.Effects[0].IfAvailable = row.ifAvailable
			events, err := do(t, a, a.OpenTicket, task)
			require.NoError(t, err)
			require.Len(t, events, 1)
			require.Equal(t, row.opened, len(r.opened) == 1)
			require.Equal(t, row.reason, events[0].Reason)
			want := conversation.NobodyAvailable
			if row.opened {
				want = conversation.TicketOpened
				require.Equal(t, "T1", events[0].Ticket.ID)
			}
			require.Equal(t, want, events[0].Kind)
		})
	}
}

func TestADeskThatDoesNotTellWhoIsThereGetsTheTicket(t *testing.T) {
	v := &vendor{}
	a := with(v)
	task := at(conversation.OpenTicket)
	task.Effects[0].IfAvailable, task.Effects[0].Agent, task.Effects[0].Group = true, "mira", "7"
	task.Customer = &conversation.Customer{Name: "Ann"}
	task.Transcript = []conversation.Line{{N: 1, Text: "hello"}}
	task.Previous = &conversation.Ticket{ID: "T0"}
	task.Vendor = map[string]string{"customer": "9"}
	_, err := do(t, a, a.OpenTicket, task)
	require.NoError(t, err)
	require.Equal(t, []connector.OpenRequest{{
		Key: "k1", Conversation: "chat:1", Customer: conversation.Customer{Name: "Ann"}, Agent: "mira", Group: "7",
		Transcript: task.Transcript, Previous: task.Previous, Vendor: task.Vendor,
	}}, v.opened)
}

func TestActivitiesDoNotNeedACounter(t *testing.T) {
	a := with(&vendor{})
	a.Sends = nil
	_, err := do(t, a, a.Say, say("hello"))
	require.NoError(t, err)
	require.IsType(t, &activities.Activities{}, a)
}
