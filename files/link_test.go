package files_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

const base = "https://handoff.example.com/files/"

var monday = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

func newLinks(t testing.TB, secrets ...connector.Secret) *files.Links {
	t.Helper()
	if secrets == nil {
		secrets = []connector.Secret{"0123456789abcdef"}
	}
	l, err := files.NewLinks("https://handoff.example.com/", secrets, 0)
	require.NoError(t, err)
	return l
}

func receipt() conversation.Attachment {
	return conversation.Attachment{URL: "https://files.example.com/7?a=b", Name: "Quittung für Zoë.pdf", ContentType: "application/pdf", Size: 7}
}

func TestALinkGivesBackWhatItWasMadeFor(t *testing.T) {
	l := newLinks(t)
	link := l.Make("shop", receipt(), monday)
	require.Regexp(t, "^"+base+`[A-Za-z0-9_-]+\.pdf$`, link)
	source, file, err := newLinks(t).Open(strings.TrimPrefix(link, base), monday.Add(files.DefaultLifetime-time.Second))
	require.NoError(t, err)
	require.Equal(t, "shop", source)
	require.Equal(t, receipt(), file)
	_, _, err = l.Open(strings.TrimPrefix(link, base), monday.Add(files.DefaultLifetime))
	require.ErrorIs(t, err, files.ErrExpired)
}

func TestOneFileDecidedAtOneTimeHasOneLink(t *testing.T) {
	link := newLinks(t).Make("shop", receipt(), monday)
	require.Equal(t, link, newLinks(t).Make("shop", receipt(), monday))
	others := map[string]bool{link: true}
	for _, change := range []func(*conversation.Attachment){
		func(f *conversation.Attachment) { f.URL += "x" },
		func(f *conversation.Attachment) { f.Name += "x" },
		func(f *conversation.Attachment) { f.Size++ },
	} {
		file := receipt()
		change(&file)
		others[newLinks(t).Make("shop", file, monday)] = true
	}
	others[newLinks(t).Make("desk", receipt(), monday)] = true
	others[newLinks(t).Make("shop", receipt(), monday.Add(time.Second))] = true
	others[newLinks(t, "fedcba9876543210").Make("shop", receipt(), monday)] = true
	require.Len(t, others, 7)
	nonces := map[string]bool{}
	for other := range others {
		nonces[other[len(base):len(base)+16]] = true
	}
	require.Len(t, nonces, 7, "no nonce comes twice")
}

func TestSecretsThatCanBeGuessedMakeNoLinks(t *testing.T) {
	for _, secrets := range []connector.Secrets{nil, {}, {""}, {"0123456789abcde"}, {"0123456789abcdef", "short"}} {
		_, err := files.NewLinks("https://handoff.example.com", secrets, 0)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "0123")
	}
}

func TestAnAddressThatIsTooLongHasNoLink(t *testing.T) {
	file := receipt()
	file.URL += strings.Repeat("x", 10_000)
	require.Empty(t, newLinks(t).Make("shop", file, monday))
	o := files.NewOpener(files.Config{Links: newLinks(t), Sources: map[string]files.Source{"shop": {Connector: vendor{}}}})
	require.Equal(t, file.URL, o.Address("shop", file, monday))
}

// People get the vendor's own address wherever that is all they need.
func TestWhoseAddressPeopleGet(t *testing.T) {
	listed := files.Source{AllowHosts: []string{"files.example.com", "10.0.0.7", "127.0.0.1:81"}}
	for name, row := range map[string]struct {
		source  files.Source
		scanner files.Scanner
		url     string
		want    string
	}{
		"anybody may fetch it":       {files.Source{}, nil, "https://files.example.com/7", "https://files.example.com/7"},
		"it needs credentials":       {files.Source{Connector: vendor{}}, nil, "https://files.example.com/7", base},
		"credentials in the address": {listed, nil, "https://u:p@files.example.com/7", base},
		"credentials we may not use": {files.Source{}, nil, "https://u:p@files.example.com/7", "https://files.example.com/7"},
		"only we are let in":         {listed, nil, "https://10.0.0.7/7", base},
		"nobody is let in":           {files.Source{}, nil, "https://10.0.0.8/7", "https://10.0.0.8/7"},
		"unencrypted, for us":        {listed, nil, "http://127.0.0.1:81/7", base},
		"kinds are looked at":        {files.Source{Rules: files.Rules{DenyTypes: []string{".exe"}}}, nil, "https://files.example.com/7", base},
		"files are scanned":          {files.Source{}, &scanner{}, "https://files.example.com/7", base},
		"it is a link of ours":       {files.Source{}, &scanner{}, base + "abc", base + "abc"},
		"it is a place":              {files.Source{}, &scanner{}, "", ""},
	} {
		config := files.Config{Links: newLinks(t), Scanner: row.scanner, Sources: map[string]files.Source{"shop": row.source}}
		got := files.NewOpener(config).Address("shop", conversation.Attachment{URL: row.url}, monday)
		if row.want == base {
			require.True(t, strings.HasPrefix(got, base), "%s: %s", name, got)
			continue
		}
		require.Equal(t, row.want, got, name)
	}
	o := files.NewOpener(files.Config{Sources: map[string]files.Source{"shop": {Connector: vendor{}}}})
	require.Equal(t, "https://files.example.com/7", o.Address("shop", conversation.Attachment{URL: "https://files.example.com/7"}, monday), "without links")
	_, _, err := o.Link("abc", monday)
	require.ErrorIs(t, err, files.ErrUnknownLink)
}

func FuzzOpen(f *testing.F) {
	l := newLinks(f)
	link := strings.TrimSuffix(strings.TrimPrefix(l.Make("shop", receipt(), monday), base), ".pdf")
	f.Add(link)
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		_, file, err := l.Open(token, monday)
		if name, _, _ := strings.Cut(token, "."); name == link {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, files.ErrUnknownLink)
		require.Zero(t, file)
	})
}
