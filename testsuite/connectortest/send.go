package connectortest

import (
	"context"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

func sendCases() []entry {
	says := []string{methodDeliver, methodButtons, methodPost}
	return []entry{
		{
			name:      "RequestGolden",
			why:       "what the vendor is sent equals testdata/requests: a change on the wire shows in a review",
			perMethod: requestGolden,
		},
		{
			name:      "ArrivesAsWritten",
			why:       "markup, mentions, emoji, line ends and right-to-left text arrive as they were written",
			methods:   says,
			perMethod: arrivesAsWritten,
		},
		{
			name:      "KeepsOrder",
			why:       "what was said one after the other arrives in that order",
			methods:   says,
			perMethod: keepsOrder,
		},
		{
			name:      "EmptyIsRefused",
			why:       "an empty text is refused as Invalid before any call",
			methods:   says,
			perMethod: emptyIsRefused,
		},
		{
			name:      "LongText",
			why:       "a text over the vendor's limit arrives whole: split between runes, in order, no part over the limit",
			methods:   says,
			perMethod: longText,
		},
		{
			name:      "LongTextLostHalfway",
			why:       "a long text whose second part failed is completed by the repeat, and no part arrives twice",
			methods:   says,
			perMethod: longTextLostHalfway,
		},
		{
			name:      "SameKeyOnce",
			why:       "a call repeated with the same Key takes place once, where Traits promise it",
			methods:   []string{methodDeliver, methodButtons, methodPost, methodOpen},
			perMethod: sameKeyOnce,
		},
		{
			name:      "LostAnswer",
			why:       "a call that took place and whose answer was lost is an uncertain one, and is made or found once",
			methods:   []string{methodDeliver, methodButtons, methodPost, methodOpen},
			perMethod: lostAnswer,
		},
		{
			name:      "FoundOnlyIfSent",
			why:       "the look-up never claims a send that did not take place: the customer would wait for words that never come",
			methods:   []string{methodFind},
			perMethod: foundOnlyIfSent,
		},
	}
}

// said gives what a person on the other side reads of the method's texts.
func (w *world) said(method string) []string {
	w.Helper()
	if method != methodPost {
		require.NotNil(w, w.vendor.CustomerSees, "Vendor.CustomerSees is needed for a channel")
		to, _ := w.conversation()
		return w.vendor.CustomerSees(to)
	}
	require.NotNil(w, w.vendor.AgentSees, "Vendor.AgentSees is needed for a desk")
	return w.vendor.AgentSees(w.openTicket())
}

// say calls Deliver, SendButtons or Post.
func (w *world) say(ctx context.Context, method string, key conversation.Key, text string) (connector.Receipt, error) {
	switch method {
	case methodDeliver:
		return w.deliver(ctx, key, text)
	case methodButtons:
		return w.offer(ctx, key, text)
	default:
		return w.post(ctx, key, text)
	}
}

// promise says what Traits offer against doubled calls of the method.
func (w *world) promise(method string) connector.Idempotency {
	traits := w.conn.Traits()
	switch method {
	case methodDeliver, methodButtons:
		return traits.Deliver
	case methodPost:
		return traits.Post
	default:
		return traits.Open
	}
}

func requestGolden(w *world, method string) {
	do := w.prepare(method)
	before := w.wire.count()
	require.NoError(w, do(w.Context(), "under-test:c1/e1-77"))
	var b strings.Builder
	for _, r := range w.wire.since(before) {
		b.WriteString(r.Method + " " + r.Path + "\n")
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			switch name {
			case "User-Agent", "Content-Length", "Accept-Encoding":
				continue
			}
			b.WriteString(name + ": " + strings.Join(r.Header[name], ", ") + "\n")
		}
		if len(r.Body) > 0 {
			b.WriteString("\n" + strings.TrimSuffix(string(r.Body), "\n") + "\n")
		}
		b.WriteString("\n")
	}
	text := strings.ReplaceAll(b.String(), w.url, "https://vendor.example")
	for _, secret := range w.subject.Secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if w.subject.Scrub != nil {
		text = w.subject.Scrub(text)
	}
	golden(w, filepath.Join(w.subject.Dir, "testdata", "requests", method+".golden"), []byte(strings.TrimSuffix(text, "\n")))
}

func arrivesAsWritten(w *world, method string) {
	w.said(method)
	for _, text := range []string{
		"1 < 2 && 3 > 2: <b>bold</b> &amp; *stars* _under_ `code`",
		"@here <!channel> <@U123> [a](https://example.com/?q=1&r=2)",
		"line one\nline two\n\n  indented",
		"emoji 👩‍👩‍👧‍👦 🇳🇱 and e\u0301",
		"مرحبا, שלום, 你好",
		`"quoted" \back\slash\ {{mustache}} %s ${HOME}`,
	} {
		before := len(w.said(method))
		_, err := w.say(w.Context(), method, w.key(), text)
		require.NoError(w, err)
		require.Equal(w, []string{text}, w.said(method)[before:])
	}
}

func keepsOrder(w *world, method string) {
	before := len(w.said(method))
	var want []string
	for i := range 7 {
		text := "number " + strconv.Itoa(i)
		_, err := w.say(w.Context(), method, w.key(), text)
		require.NoError(w, err)
		want = append(want, text)
	}
	require.Equal(w, want, w.said(method)[before:])
}

func emptyIsRefused(w *world, method string) {
	before := len(w.said(method))
	calls := w.wire.count()
	_, err := w.say(w.Context(), method, w.key(), "")
	require.Equal(w, connector.Invalid, connector.KindOf(err))
	require.Equal(w, calls, w.wire.count(), "the vendor was called")
	require.Len(w, w.said(method), before)
}

// long gives a text of n runes, of one to four bytes each.
func long(n int) string {
	runes := []rune("a long tale, told with ü, ß, €, 漢, 🙂 and more. ")
	text := make([]rune, n)
	for i := range text {
		text[i] = runes[i%len(runes)]
	}
	// A text that ends with a blank would not be told from one that was trimmed by the vendor.
	text[n-1] = '.'
	return string(text)
}

// tale is a text that needs three parts, or a big one where no limit is known.
func (w *world) tale() (text string, parts int) {
	limit := w.conn.Traits().MaxText
	if limit == 0 {
		return long(20_000), 1
	}
	return long(2*limit + limit/2), 3
}

func longText(w *world, method string) {
	text, parts := w.tale()
	before := len(w.said(method))
	_, err := w.say(w.Context(), method, w.key(), text)
	require.NoError(w, err)
	got := w.said(method)[before:]
	w.sameTale(text, got)
	require.LessOrEqual(w, len(got), parts+1, "split into more parts than needed")
}

func (w *world) sameTale(text string, got []string) {
	w.Helper()
	limit := w.conn.Traits().MaxText
	for i, part := range got {
		require.True(w, utf8.ValidString(part) && !strings.ContainsRune(part, utf8.RuneError), "part %d is cut inside a rune", i+1)
		if limit > 0 {
			require.LessOrEqual(w, utf8.RuneCountInString(part), limit, "part %d is over the limit", i+1)
		}
	}
	require.Equal(w, text, strings.Join(got, ""), "the parts together are not the text")
}

func longTextLostHalfway(w *world, method string) {
	text, parts := w.tale()
	if parts == 1 || w.promise(method) != connector.ByKey {
		return
	}
	before := len(w.said(method))
	key := w.key()
	sent := 0
	w.wire.before(func(req *http.Request) {
		if req.Method == http.MethodPost {
			if sent++; sent == 2 {
				w.vendor.Faults.Set(w.op(method), fake.AcceptThenReset().For(1))
			}
		}
	})
	_, err := w.say(w.Context(), method, key, text)
	require.Error(w, err)
	require.False(w, connector.KindOf(err).Permanent(), "a lost answer is no reason to give up: %s", connector.KindOf(err))
	w.vendor.Faults.Clear(fake.AnyOp)
	w.wire.before(nil)
	_, err = w.say(w.Context(), method, key, text)
	require.NoError(w, err)
	w.sameTale(text, w.said(method)[before:])
}

func sameKeyOnce(w *world, method string) {
	if w.promise(method) == connector.AtLeastOnce || (w.promise(method) == connector.ByLookup && method != methodOpen) {
		return // Nothing is promised, or LostAnswer checks the promise.
	}
	count := w.counter(method)
	do := w.prepare(method)
	before := count()
	key := w.key()
	for range 3 {
		require.NoError(w, do(w.Context(), key))
	}
	require.Equal(w, before+1, count(), "three calls with one Key")
	require.NoError(w, do(w.Context(), w.key()))
	require.Equal(w, before+2, count(), "the same words under another Key are another message")
}

// counter counts what the method has brought about.
func (w *world) counter(method string) func() int {
	w.Helper()
	if method == methodOpen {
		require.NotNil(w, w.vendor.Tickets, "Vendor.Tickets is needed for a desk")
		return w.vendor.Tickets
	}
	return func() int { return len(w.said(method)) }
}

func lostAnswer(w *world, method string) {
	for name, fault := range map[string]fake.Fault{
		"connection reset":    fake.AcceptThenReset(),
		"500 after accepting": fake.AcceptThenStatus(http.StatusInternalServerError),
	} {
		w.reopen()
		count := w.counter(method)
		do := w.prepare(method)
		before := count()
		key := w.key()
		w.strike(method, fault)
		err := do(w.Context(), key)
		w.vendor.Faults.Clear(fake.AnyOp)
		require.Equal(w, connector.UncertainOutcome, connector.KindOf(err), name)
		require.Equal(w, before+1, count(), "%s: the fake did not do it", name)
		if w.promise(method) == connector.ByLookup && method != methodOpen {
			find := w.findRequest(method, key)
			_, found, err := w.conn.(connector.SentFinder).FindSent(w.Context(), find)
			require.NoError(w, err, name)
			require.True(w, found, "%s: the send that took place was not found", name)
			continue
		}
		if w.promise(method) == connector.AtLeastOnce {
			continue
		}
		require.NoError(w, do(w.Context(), key), "%s, repeated", name)
		require.Equal(w, before+1, count(), "%s, repeated", name)
	}
}

// findRequest asks for what Deliver, SendButtons or Post said under key.
func (w *world) findRequest(method string, key conversation.Key) connector.FindRequest {
	w.Helper()
	req := connector.FindRequest{Key: key, Text: saidText, Since: fixtureTime}
	if method != methodPost {
		req.To, req.Vendor = w.conversation()
		return req
	}
	req.Ticket, req.Vendor = w.openTicket(), w.deskVendor
	return req
}

func foundOnlyIfSent(w *world, _ string) {
	finder := w.conn.(connector.SentFinder)
	for _, method := range []string{methodDeliver, methodPost} {
		if !slices.Contains(methodsOf(w.conn), method) {
			continue
		}
		w.said(method)
		key := w.key()
		req := w.findRequest(method, key)
		_, found, err := finder.FindSent(w.Context(), req)
		require.NoError(w, err)
		require.False(w, found, "%s: found before it was sent", method)
		sent, err := w.say(w.Context(), method, key, saidText)
		require.NoError(w, err)
		receipt, found, err := finder.FindSent(w.Context(), req)
		require.NoError(w, err)
		require.True(w, found, "%s: not found after it was sent", method)
		if is[connector.MessageEditor](w.conn) {
			require.Equal(w, sent.ID, receipt.ID, "%s: what is found has another id, by which it cannot be changed later", method)
		}
		other := req
		other.Key, other.Text = w.key(), "words that nobody said"
		_, found, err = finder.FindSent(w.Context(), other)
		require.NoError(w, err)
		require.False(w, found, "%s: found what was never sent", method)
	}
}
