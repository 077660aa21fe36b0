package omnidesk_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

// picture is a file's bytes, which are no text.
var picture = []byte("\x89PNG\r\n\x1a\n\xff\xfe\x00 not really")

// attachment asks to send the picture.
func attachment(key conversation.Key, ticket conversation.Ticket, caption string) connector.AttachmentRequest {
	return connector.AttachmentRequest{
		Key: key, Ticket: ticket, Text: caption,
		Attachment: conversation.Attachment{URL: "https://files.example/r.png", Name: "r.png", ContentType: "image/png"},
		Open: func(context.Context) (connector.File, error) {
			return connector.File{ReadCloser: io.NopCloser(bytes.NewReader(picture)), Name: "r.png", ContentType: "image/png", Size: -1}, nil
		},
	}
}

func TestTheCustomersFileReachesTheAgentWithItsCaption(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket, key := a.ticket(), a.key()
	a.Faults.Set(fakeomnidesk.OpMessage, fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	_, err := a.conn.SendAttachment(t.Context(), attachment(key, ticket, "the receipt"))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err), "the file is there and its caption is not")
	_, err = a.conn.SendAttachment(t.Context(), attachment(key, ticket, "the receipt"))
	require.NoError(t, err)
	lines := a.Lines(ticket.ID)[1:]
	require.Len(t, lines, 2, "the file was not sent again")
	require.Equal(t, &fakeomnidesk.File{Name: "r.png", ContentType: "image/png", Content: picture}, lines[0].File)
	require.Equal(t, "the receipt", lines[1].Text)
}

func TestWhatTheDeskDoesNotTakeGoesAsALink(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket := a.ticket()
	place, large, larger, gone := attachment(a.key(), ticket, ""), attachment(a.key(), ticket, ""), attachment(a.key(), ticket, ""), attachment(a.key(), ticket, "")
	place.Attachment = conversation.Attachment{Latitude: 52.1}
	large.Attachment.Size = 11 << 20
	larger.Open = func(context.Context) (connector.File, error) {
		return connector.File{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", 10<<20+1))), Size: -1}, nil
	}
	for _, req := range []connector.AttachmentRequest{place, large, larger} {
		_, err := a.conn.SendAttachment(t.Context(), req)
		require.Equal(t, connector.Unsupported, connector.KindOf(err))
	}
	refused := connector.Errorf("landbot", "fetch file", connector.Invalid, "too large")
	gone.Open = func(context.Context) (connector.File, error) { return connector.File{}, refused }
	_, err := a.conn.SendAttachment(t.Context(), gone)
	require.ErrorIs(t, err, refused)
	require.Len(t, a.Lines(ticket.ID), 1)
}

func TestAnAgentsFileIsKeptAndFetchedFromAnotherProcess(t *testing.T) {
	for _, encoding := range []fakeomnidesk.Encoding{fakeomnidesk.Multipart, fakeomnidesk.Base64} {
		dir := filepath.Join(t.TempDir(), "uploads")
		own := func(c *omnidesk.Config) { c.UploadsDir = dir }
		a := newAccount(t, fakeomnidesk.Options{Encoding: encoding}, own)
		ticket := a.ticket()
		for range 2 {
			require.NoError(t, a.AgentSends(ticket.ID, fakeomnidesk.Ana, fakeomnidesk.File{Name: "invoice.png", ContentType: "image/png", Content: picture}))
		}
		told := a.settled()
		require.Len(t, told, 2)
		file := told[0].Event.Attachment
		require.Equal(t, "invoice.png", file.Name)
		require.Equal(t, "image/png", file.ContentType)
		require.EqualValues(t, len(picture), file.Size)
		f, err := a.open(own).FetchAttachment(t.Context(), *file)
		require.NoError(t, err)
		got, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, picture, got)
		kept, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, kept, 1, "the same file is kept once")

		_, err = a.open(func(c *omnidesk.Config) { c.UploadsDir = t.TempDir() }).FetchAttachment(t.Context(), *file)
		require.Equal(t, connector.NotFound, connector.KindOf(err))
	}
}

func TestWithoutAPlaceForFilesTheirNamesAreTold(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{}, bare)
	ticket := a.ticket()
	require.NoError(t, a.AgentSends(ticket.ID, fakeomnidesk.Ana, fakeomnidesk.File{Name: "invoice.png", ContentType: "image/png", Content: picture}))
	told := a.settled()
	require.Len(t, told, 1)
	require.Equal(t, "[file: invoice.png]", told[0].Event.Text)
	require.Nil(t, told[0].Event.Attachment)
	require.Zero(t, a.conn.BodyLimit(hookSecret+"/"+omnidesk.UploadHookpoint))
}

func TestLargeBodiesAreTakenFromTheVendorAlone(t *testing.T) {
	conn, err := omnidesk.New(config("https://acme.omnidesk.example"), deps)
	require.NoError(t, err)
	keeper := conn.(connector.FileKeeper)
	require.EqualValues(t, 10<<20+64<<10, keeper.BodyLimit(hookSecret+"/"+omnidesk.UploadHookpoint))
	for _, hookpoint := range []string{"", omnidesk.UploadHookpoint, "wrong/" + omnidesk.UploadHookpoint, hookSecret + "/" + omnidesk.MessageHookpoint, omnidesk.PlatformHookpoint} {
		require.Zero(t, keeper.BodyLimit(hookpoint), hookpoint)
	}
}

func TestOldFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	a := newAccount(t, fakeomnidesk.Options{}, func(c *omnidesk.Config) { c.UploadsDir = dir })
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "fresh")
	for name, age := range map[string]time.Duration{old: 31 * 24 * time.Hour, fresh: time.Hour} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
		require.NoError(t, os.Chtimes(name, time.Now(), time.Now().Add(-age)))
	}
	require.NoError(t, a.AgentSends(a.ticket().ID, fakeomnidesk.Ana, fakeomnidesk.File{Name: "a.png", ContentType: "image/png", Content: picture}))
	a.settled()
	require.NoFileExists(t, old)
	require.FileExists(t, fresh)
}

func TestADiskThatTakesNothingKeepsTheWebhookFromBeingAccepted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	a := newAccount(t, fakeomnidesk.Options{}, func(c *omnidesk.Config) { c.UploadsDir = dir })
	require.NoError(t, a.AgentSends(a.ticket().ID, fakeomnidesk.Ana, fakeomnidesk.File{Name: "a.png", ContentType: "image/png", Content: picture}))
	require.Empty(t, a.settled())
	attempts := a.Hooks().Attempts()
	require.Equal(t, http.StatusServiceUnavailable, attempts[len(attempts)-1].Status)
}
