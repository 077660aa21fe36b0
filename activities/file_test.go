package activities_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// serves has the connection "office" serve the files.
func serves(a *activities.Activities, x connector.Connector, config files.Config) *web {
	http := &web{}
	a.Connections["office"] = x
	source := config.Sources["office"]
	source.Connector = x
	config.Sources = map[string]files.Source{"office": source}
	if config.Fetcher == nil {
		config.Fetcher = http
	}
	a.Files = files.NewOpener(config)
	return http
}

func links(t *testing.T) *files.Links {
	t.Helper()
	l, err := files.NewLinks("https://handoff.example.com", connector.Secrets{"0123456789abcdef"}, 0)
	require.NoError(t, err)
	return l
}

// scanner finds what it is told to find.
type scanner struct {
	clean bool
	err   error
	read  []string
}

func (s *scanner) Scan(_ context.Context, f connector.File) (bool, error) {
	bytes, err := io.ReadAll(f)
	s.read = append(s.read, string(bytes))
	return s.clean, errors.Join(s.err, err)
}

// refusing opens nothing.
type refusing struct{ err error }

func (r refusing) Fetch(context.Context, string, conversation.Attachment) (connector.File, error) {
	return connector.File{}, r.err
}

func TestAFileBehindCredentialsIsTextAsALinkOfOurs(t *testing.T) {
	v := &vendor{}
	a := with(v)
	serves(a, fetcher{&vendor{}}, files.Config{Links: links(t), Dir: t.TempDir()})
	for range 2 {
		_, err := do(t, a, a.Say, file("as promised"))
		require.NoError(t, err)
	}
	require.Regexp(t, `^deliver as promised\nreceipt.pdf\nhttps://handoff.example.com/files/[A-Za-z0-9_-]+\.pdf$`, v.calls[0])
	require.Equal(t, v.calls[0], v.calls[1], "a repeat has the same address, so that it can be found")
}

func TestAVendorThatTakesAddressesGetsTheOneThatWorks(t *testing.T) {
	f := &addresser{vendor: &vendor{}}
	a := with(f)
	serves(a, fetcher{&vendor{}}, files.Config{Links: links(t)})
	_, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	serves(a, &vendor{}, files.Config{Links: links(t)})
	_, err = do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Contains(t, f.got[0], "https://handoff.example.com/files/")
	require.Equal(t, "https://files.example.com/7", f.got[1])
}

// addresser passes files on by their addresses.
type addresser struct {
	*vendor
	got []string
}

func (f *addresser) SendAttachment(_ context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	f.got = append(f.got, req.Attachment.URL)
	return connector.Receipt{}, nil
}

// Whatever is refused, the other side is told what and why instead of the file.
func TestAFileThatIsRefusedIsTold(t *testing.T) {
	host := &connector.Error{Kind: connector.Invalid, Code: "file_host"}
	type config = files.Config
	rules := func(r files.Rules) config { return config{Sources: map[string]files.Source{"office": {Rules: r}}} }
	for _, row := range []struct {
		name   string
		config config
		size   int64
		want   string
	}{
		{"said to be too large", config{}, 26 << 20, "which is larger than 25 MB]\nhttps://files.example.com/7"},
		{"too large when it comes", rules(files.Rules{MaxSize: 10}), 0, "which is larger than 10 bytes]\nhttps://files.example.com/7"},
		{"an ending", rules(files.Rules{DenyTypes: []string{".pdf"}}), 0, "which is of a kind that is not allowed here]"},
		{"a kind", rules(files.Rules{AllowTypes: []string{"image/*"}}), 0, "which is of a kind that is not allowed here]"},
		{"a host", config{Fetcher: refusing{host}}, 0, "which is at an address that is not allowed here]\nhttps://files.example.com/7"},
		{"gone", config{Fetcher: refusing{trouble(connector.NotFound)}}, 0, "which is no longer there]"},
		{"infected", config{Scanner: &scanner{}}, 0, "in which a virus was found]"},
		{"not scanned", config{Scanner: &scanner{err: errors.New("down")}}, 0, "which could not be checked for viruses]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &filer{vendor: &vendor{}}
			a := with(f)
			row.config.Dir = t.TempDir()
			serves(a, &vendor{}, row.config)
			task := file("as promised")
			task.Effects[0].Attachment.Size = row.size
			events, err := do(t, a, a.Say, task)
			require.NoError(t, err)
			require.Equal(t, conversation.Delivered, events[0].Kind)
			require.Equal(t, "deliver as promised\n[not passed on: receipt.pdf, "+row.want, f.calls[len(f.calls)-1])
			require.Contains(t, a.Files.Sentences("office", *task.Effects[0].Attachment), strings.TrimPrefix(f.calls[len(f.calls)-1], "deliver as promised\n"),
				"a repeat would look for it")
		})
	}
}

func TestTheVendorThatServesAFileMayBeDownForAWhile(t *testing.T) {
	f := &filer{vendor: &vendor{}}
	a := with(f)
	serves(a, &vendor{}, files.Config{Fetcher: refusing{trouble(connector.UncertainOutcome)}})
	_, err := do(t, a, a.Say, file(""))
	require.Equal(t, string(connector.Unavailable), application(t, err).Type(), "nothing was sent, so nothing is uncertain")

	serves(a, &vendor{}, files.Config{Fetcher: refusing{trouble(connector.Unauthenticated)}})
	_, err = do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Equal(t, "deliver receipt.pdf\nhttps://files.example.com/7", f.calls[len(f.calls)-1])
}

func TestAScannerSeesAFileBeforeAnybodyElse(t *testing.T) {
	f := &filer{vendor: &vendor{}}
	a := with(f)
	s := &scanner{clean: true}
	http := serves(a, &vendor{}, files.Config{Scanner: s, Dir: t.TempDir()})
	_, err := do(t, a, a.Say, file(""))
	require.NoError(t, err)
	require.Equal(t, []string{"bytes of receipt.pdf"}, s.read)
	require.Equal(t, "bytes of receipt.pdf", f.read)
	require.Len(t, http.sources, 1, "it is fetched once")

	// While the scanner is down a file waits, for a while.
	s.err = errors.New("down")
	task := file("")
	task.Effects[0].At = time.Now()
	_, err = do(t, a, a.Say, task)
	require.Equal(t, string(connector.Unavailable), application(t, err).Type())

	serves(a, &vendor{}, files.Config{Scanner: s, PassUnscanned: true, Dir: t.TempDir()})
	_, err = do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, "bytes of receipt.pdf", f.read)
}

func TestAPlaceIsNoFileToBeScanned(t *testing.T) {
	v := &vendor{}
	a := with(v)
	s := &scanner{}
	serves(a, &vendor{}, files.Config{
		Scanner: s, Links: links(t), Sources: map[string]files.Source{"office": {Rules: files.Rules{AllowTypes: []string{"image/*"}}}},
	})
	task := file("")
	task.Effects[0].Attachment = &conversation.Attachment{Latitude: 52.5, Longitude: 13.25}
	_, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, []string{"deliver https://www.openstreetmap.org/?mlat=52.5&mlon=13.25"}, v.calls)
	require.Empty(t, s.read)
}

func TestARepeatLooksForWhatWasSaidInsteadOfAFile(t *testing.T) {
	f := &textFinder{finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}}}}
	a := with(f)
	serves(a, &vendor{}, files.Config{})
	task := file("as promised")
	task.Effects[0].Doubtful = true
	events, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, conversation.Delivered, events[0].Kind)
	require.Equal(t, "find as promised\n[not passed on: receipt.pdf, which is no longer there]", f.calls[len(f.calls)-1])
}

// textFinder knows what it sent by its text.
type textFinder struct{ finder }

func (f *textFinder) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	_, _, err := f.finder.FindSent(ctx, req)
	return connector.Receipt{}, strings.Contains(req.Text, "no longer there"), err
}

func TestTheTranscriptOfATicketHasAddressesThatWork(t *testing.T) {
	v := &vendor{}
	a := with(v)
	serves(a, fetcher{&vendor{}}, files.Config{Links: links(t)})
	task := at(conversation.OpenTicket)
	task.Source = "office"
	task.Transcript = []conversation.Line{{N: 1, Text: "look", At: monday, Attachment: &conversation.Attachment{URL: "https://files.example.com/7"}}}
	_, err := do(t, a, a.OpenTicket, task)
	require.NoError(t, err)
	require.Contains(t, v.opened[0].Transcript[0].Attachment.URL, "https://handoff.example.com/files/")
	require.Equal(t, "https://files.example.com/7", task.Transcript[0].Attachment.URL)
}
