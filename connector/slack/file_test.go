package slack_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// attachment is a file with a caption.
func attachment(ticket conversation.Ticket, name, caption string, content []byte) connector.AttachmentRequest {
	return connector.AttachmentRequest{
		Key: "shop:c1/e1-5", Ticket: ticket, Text: caption,
		Attachment: conversation.Attachment{URL: "https://files.example/" + name, Name: name, Size: int64(len(content))},
		Open: func(context.Context) (connector.File, error) {
			return connector.File{ReadCloser: io.NopCloser(bytes.NewReader(content)), Name: name, Size: -1}, nil
		},
	}
}

func TestAFileIsSharedInTheThreadWithItsCaptionAsItIs(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	const caption = "see *here* <!channel> & tell me"
	_, err := c.SendAttachment(t.Context(), attachment(ticket, "receipt.txt", caption, []byte("nine euros")))
	require.NoError(t, err)
	shared := w.Thread(subjects.SlackThread(ticket))[1]
	require.Equal(t, "receipt.txt", shared.Files[0]["name"])
	require.Contains(t, string(shared.Blocks), `"type":"plain_text"`)
	require.Equal(t, caption, vendor.Reads(shared))
	require.Equal(t, "nine euros", string(w.Content("receipt.txt")))
	events := w.events(c)
	require.Len(t, events, 1, "our own file comes back as the proof that it arrived")
	require.Equal(t, conversation.SendProven, events[0].Kind)
	require.Equal(t, conversation.Key("shop:c1/e1-5"), events[0].Key)
	require.Len(t, w.Cards(vendor.Support), 1)
}

func TestALostAnswerAboutAFileIsFound(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*vendor.Switches)
	}{
		{"by the ids of the caption's blocks", func(*vendor.Switches) {}},
		{"by name and size", func(s *vendor.Switches) { s.DropFileBlocks = true }},
		{"although it shows late", func(s *vendor.Switches) { s.FilesShowAfter = 700 * time.Millisecond }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			w.Switch(tc.change)
			c := w.open()
			ticket := w.ticket(c)
			req := attachment(ticket, "receipt.txt", "", []byte("nine euros"))
			find := connector.FindRequest{Key: req.Key, Ticket: ticket, Attachment: &req.Attachment, Since: time.Now()}
			w.Faults.Set("files.completeUploadExternal", fake.AcceptThenReset().For(1))
			_, err := c.SendAttachment(t.Context(), req)
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
			_, found, err := c.FindSent(t.Context(), find)
			require.NoError(t, err)
			require.True(t, found)
			require.Len(t, w.Thread(subjects.SlackThread(ticket)), 2)
			other := find
			other.Key, other.Attachment = "shop:c1/e1-6", &conversation.Attachment{Name: "other.txt", Size: 1}
			other.Since = time.Now().Add(-time.Minute)
			_, found, err = c.FindSent(t.Context(), other)
			require.NoError(t, err)
			require.False(t, found)
		})
	}
}

func TestALinkThatStoodForAFileIsFound(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-5", Ticket: ticket, Text: "film.mp4\nhttps://files.example/film.mp4"})
	require.NoError(t, err)
	_, found, err := c.FindSent(t.Context(), connector.FindRequest{
		Key: "shop:c1/e1-5", Ticket: ticket, Text: "film.mp4\nhttps://files.example/film.mp4", Attachment: &conversation.Attachment{Name: "film.mp4"},
		Since: time.Now().Add(-30 * time.Second),
	})
	require.NoError(t, err)
	require.True(t, found)
}

func TestWhatSlackDoesNotTakeIsUnsupported(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	place := attachment(ticket, "", "", []byte("x"))
	place.Attachment = conversation.Attachment{Latitude: 52.1, Longitude: 4.3}
	large := attachment(ticket, "film.mp4", "", []byte("x"))
	large.Attachment.Size = 26 << 20
	for name, req := range map[string]connector.AttachmentRequest{
		"a place": place, "an empty file": attachment(ticket, "empty.txt", "", nil), "a large file": large,
	} {
		_, err := c.SendAttachment(t.Context(), req)
		require.Equal(t, connector.Unsupported, connector.KindOf(err), name)
	}
	w.Faults.Set("files.getUploadURLExternal", fake.RefuseStatus(http.StatusOK, `{"ok":false,"error":"file_uploads_disabled"}`))
	_, err := c.SendAttachment(t.Context(), attachment(ticket, "a.txt", "", []byte("x")))
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
	require.Len(t, w.Thread(subjects.SlackThread(ticket)), 1)
}

func TestAnUploadGoesToTheVendorOnly(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	w.Faults.Set("files.getUploadURLExternal", fake.RefuseStatus(http.StatusOK, `{"ok":true,"upload_url":"`+other.URL+`","file_id":"F1"}`))
	_, err := c.SendAttachment(t.Context(), attachment(ticket, "a.txt", "", []byte("x")))
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.False(t, asked)
}

func TestAgentsFilesNeedTheTokenWhichGoesToTheVendorOnly(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	a := w.Vendor().File([]byte("picture"))
	f, err := c.FetchAttachment(t.Context(), a)
	require.NoError(t, err)
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, "picture", string(got))
	require.Equal(t, "parcel.png", f.Name)
	require.Equal(t, "image/png", f.ContentType)

	w.Switch(func(s *vendor.Switches) { s.PageForFiles = true })
	_, err = c.FetchAttachment(t.Context(), a)
	require.Equal(t, connector.Forbidden, connector.KindOf(err), "the page for signing in is not the file")
	without := newWorkspaceWith(t, vendor.Options{Scopes: []string{"chat:write", "channels:read", "channels:history"}})
	a.URL = without.Web.URL + "/files-pri/F1/a.png"
	_, err = without.open().FetchAttachment(t.Context(), a)
	require.Equal(t, connector.Forbidden, connector.KindOf(err), "a redirect to the page for signing in")

	for _, address := range []string{
		"http://169.254.169.254/latest", "https://slack.com.evil.example/a.png", "http://files.slack.com/a.png", "https://user@files.slack.com/a.png",
		"https://evilslack.com/a.png", "file:///etc/passwd", "",
	} {
		_, err := c.FetchAttachment(t.Context(), conversation.Attachment{URL: address})
		require.Equal(t, connector.Invalid, connector.KindOf(err), address)
	}
}

func TestALongCaptionIsWhole(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	caption := strings.Repeat("word ", 1500)
	_, err := c.SendAttachment(t.Context(), attachment(ticket, "a.txt", caption, []byte("x")))
	require.NoError(t, err)
	require.Equal(t, caption, w.Thread(subjects.SlackThread(ticket))[1].Text)
}
