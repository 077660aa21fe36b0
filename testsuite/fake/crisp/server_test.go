package crisp_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/crisp"
)

type object = map[string]any

// workspace is a fake with a plain client of it.
type workspace struct {
	*crisp.Server
	t          *testing.T
	url        string
	tier       string
	identifier string

	mu    sync.Mutex
	hooks []hook
}

// hook is one try of a web hook.
type hook struct {
	header http.Header
	raw    []byte
	Event  string
	Data   object
	Site   string `json:"website_id"`
}

func newWorkspace(t *testing.T, options crisp.Options) *workspace {
	t.Helper()
	options.HookScale = 0.0005
	w := &workspace{Server: crisp.New(options), t: t, tier: options.Tier, identifier: crisp.DefaultIdentifier}
	if w.tier == "" {
		w.tier = crisp.TierPlugin
	}
	web := httptest.NewServer(w.Server)
	w.url = web.URL
	refused := map[string]bool{}
	collector := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := hook{header: r.Header, raw: body}
		_ = json.Unmarshal(body, &h)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hooks = append(w.hooks, h)
		if strings.Contains(string(body), "refuse me once") && !refused[string(body)] {
			refused[string(body)] = true
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	w.SetHook(collector.URL)
	t.Cleanup(func() {
		w.Close()
		web.Close()
		collector.Close()
	})
	return w
}

// told are the hooks so far.
func (w *workspace) told() []hook {
	require.NoError(w.t, w.Hooks.Drain(w.t.Context()))
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]hook(nil), w.hooks...)
}

// events are the names of the hooks so far.
func (w *workspace) events() string {
	var names []string
	for _, h := range w.told() {
		names = append(names, h.Event)
	}
	return strings.Join(names, " ")
}

// call makes a call below the workspace, and gives its status and envelope.
func (w *workspace) call(method, path string, body any) (int, object) {
	w.t.Helper()
	return w.callAt(method, "/v1/website/"+crisp.DefaultWebsite+path, body)
}

func (w *workspace) callAt(method, path string, body any) (int, object) {
	w.t.Helper()
	content := io.Reader(http.NoBody)
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(w.t, err)
		content = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, content)
	require.NoError(w.t, err)
	req.SetBasicAuth(w.identifier, crisp.DefaultKey)
	req.Header.Set("X-Crisp-Tier", w.tier)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	var envelope object
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(&envelope))
	require.Equal(w.t, resp.StatusCode >= 300, envelope["error"], "the envelope says what the status says")
	return resp.StatusCode, envelope
}

// open makes a conversation.
func (w *workspace) open() string {
	w.t.Helper()
	status, answer := w.call(http.MethodPost, "/conversation", nil)
	require.Equal(w.t, http.StatusCreated, status)
	return answer["data"].(object)["session_id"].(string)
}

// text is a message as we would post it.
func text(content string, more object) object {
	m := object{"type": "text", "from": "user", "origin": "urn:handoff:shop:0", "content": content}
	maps.Copy(m, more)
	return m
}

func TestTokensOfAnotherKindOrWorkspaceAreRefused(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	status, _ := w.call(http.MethodGet, "/availability/status", nil)
	require.Equal(t, http.StatusOK, status)
	w.tier = crisp.TierWebsite
	status, _ = w.call(http.MethodGet, "/availability/status", nil)
	require.Equal(t, http.StatusUnauthorized, status)
	w.tier, w.identifier = crisp.TierPlugin, "somebody"
	status, _ = w.call(http.MethodGet, "/availability/status", nil)
	require.Equal(t, http.StatusUnauthorized, status)
	w.identifier = crisp.DefaultIdentifier
	status, answer := w.callAt(http.MethodGet, "/v1/website/another/availability/status", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, "not_subscribed", answer["reason"])
	w.Switch(func(s *crisp.Switches) { s.NotInstalled = true })
	_, answer = w.call(http.MethodGet, "/availability/status", nil)
	require.Equal(t, "not_subscribed", answer["reason"])
	status, _ = w.callAt(http.MethodGet, "/v1/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)
}

func TestWhatDoesNotFitTheSchemaIsRefused(t *testing.T) {
	w := newWorkspace(t, crisp.Options{MaxText: 10})
	session := "/conversation/" + w.open()
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
	}{
		"a body for a new conversation": {http.MethodPost, "/conversation", object{"session_id": "mine"}, 400},
		"no such session":               {http.MethodPost, "/conversation/session_x/message", text("Hi", nil), 404},
		"a message without origin":      {http.MethodPost, session + "/message", object{"type": "text", "from": "user", "content": "Hi"}, 400},
		"an origin of no form":          {http.MethodPost, session + "/message", text("Hi", object{"origin": "handoff"}), 400},
		"an unknown type":               {http.MethodPost, session + "/message", text("Hi", object{"type": "shout"}), 400},
		"an unknown field":              {http.MethodPost, session + "/message", text("Hi", object{"whisper": true}), 400},
		"an empty text":                 {http.MethodPost, session + "/message", text(" ", nil), 400},
		"a long text":                   {http.MethodPost, session + "/message", text("elf Zeichen", nil), 400},
		"a file that is a text":         {http.MethodPost, session + "/message", text("Hi", object{"type": "file"}), 400},
		"a file without a type":         {http.MethodPost, session + "/message", text("", object{"type": "file", "content": object{"url": "https://x.example"}}), 400},
		"a fingerprint over 53 bits":    {http.MethodPost, session + "/message", text("Hi", object{"fingerprint": 1 << 53}), 400},
		"data that are objects":         {http.MethodPatch, session + "/meta", object{"data": object{"a": object{}}}, 400},
		"no address":                    {http.MethodPatch, session + "/meta", object{"email": "somebody"}, 400},
		"a routing without assigned":    {http.MethodPatch, session + "/routing", object{"silent": true}, 400},
		"an unknown operator":           {http.MethodPatch, session + "/routing", object{"assigned": object{"user_id": "x"}}, 404},
		"an unknown inbox":              {http.MethodPatch, session + "/inbox", object{"inbox_id": "x"}, 404},
		"an unknown state":              {http.MethodPatch, session + "/state", object{"state": "closed"}, 400},
		"typing of nobody":              {http.MethodPatch, session + "/compose", object{"type": "start"}, 400},
		"a read mark without origin":    {http.MethodPatch, session + "/read", object{"from": "user"}, 400},
		"an edit of nothing":            {http.MethodPatch, session + "/message/17", object{"content": "x"}, 404},
		"a page that is too small":      {http.MethodGet, "/conversations/1?per_page=5", nil, 400},
		"an unknown parameter":          {http.MethodGet, "/conversations/1?order=date", nil, 400},
		"a time that is none":           {http.MethodGet, session + "/messages?timestamp_before=now", nil, 400},
	} {
		status, answer := w.call(c.method, c.path, c.body)
		require.Equal(t, c.status, status, name)
		if status == http.StatusBadRequest {
			require.Equal(t, "invalid_data", answer["reason"], name)
		}
	}
	require.Empty(t, w.Conversations()[0].Messages)
}

func TestAConversationFromItsBeginningToItsEnd(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.open()
	session := "/conversation/" + id
	must := func(method, path string, body any) object {
		t.Helper()
		status, answer := w.call(method, session+path, body)
		require.Less(t, status, 300, answer)
		data, _ := answer["data"].(object)
		return data
	}
	must(http.MethodPatch, "/meta", object{"nickname": "Ana", "email": "ana@example.test", "segments": []string{"handoff"}, "data": object{"order": "7"}})
	must(http.MethodPatch, "/inbox", object{"inbox_id": crisp.DefaultInbox})
	must(http.MethodPost, "/message", text("Hello", object{"fingerprint": 4711, "properties": object{"k": "v"}}))
	must(http.MethodPatch, "/routing", object{"assigned": object{"user_id": crisp.Sam}})
	mark, err := w.OperatorSays(id, crisp.Sam, "Hi")
	require.NoError(t, err)
	require.NoError(t, w.OperatorEdits(id, mark, "Hi Ana"))
	require.NoError(t, w.OperatorDeletes(id, mark))
	must(http.MethodPatch, "/state", object{"state": "resolved"})

	got := must(http.MethodGet, "", nil)
	require.Equal(t, "resolved", got["state"])
	require.Equal(t, crisp.Sam, got["assigned"].(object)["user_id"])
	require.Equal(t, object{"order": "7"}, got["meta"].(object)["data"])
	require.Equal(t, "Hello", must(http.MethodGet, "/message/4711", nil)["content"])
	require.Equal(t, "session:set_data session:set_email session:set_segments session:set_inbox message:send session:set_routing "+
		"message:received message:updated message:removed session:set_state", w.events())
	for _, h := range w.told() {
		require.Equal(t, id, h.Data["session_id"])
		require.Contains(t, h.Data, "inbox_id")
	}
	sent := w.told()[4].Data
	require.Equal(t, object{"k": "v"}, sent["properties"])
	require.Equal(t, "urn:handoff:shop:0", sent["origin"])
}

func TestASecondFingerprintIsDroppedOrDoubled(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.open()
	for range 2 {
		status, answer := w.call(http.MethodPost, "/conversation/"+id+"/message", text("Hello", object{"fingerprint": 4711}))
		require.Equal(t, http.StatusCreated, status)
		require.InDelta(t, 4711, answer["data"].(object)["fingerprint"], 0)
	}
	require.Len(t, w.Conversation(id).Messages, 1)
	w.Switch(func(s *crisp.Switches) { s.DoubleFingerprint = true })
	w.call(http.MethodPost, "/conversation/"+id+"/message", text("Hello", object{"fingerprint": 4711}))
	require.Len(t, w.Conversation(id).Messages, 2)
}

func TestSwitchesSettleWhatIsNotPublished(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.open()
	path := "/conversation/" + id
	post := func(m object) int {
		status, _ := w.call(http.MethodPost, path+"/message", m)
		return status
	}
	w.Switch(func(s *crisp.Switches) { s.NoEcho, s.NoProperties, s.RefuseOrigin = true, true, true })
	require.Equal(t, 400, post(text("Hello", nil)))
	require.Equal(t, 201, post(text("Hello", object{"origin": "chat", "fingerprint": 1, "properties": object{"k": "v"}})))
	require.Empty(t, w.events())
	_, answer := w.call(http.MethodGet, path+"/message/1", nil)
	require.NotContains(t, answer["data"], "properties")

	w.Switch(func(s *crisp.Switches) {
		*s = crisp.Switches{Stale: time.Hour, ReadNeedsFingerprints: true, Reopen: true, RefuseForeignFiles: true}
	})
	post(text("behind", object{"fingerprint": 2}))
	status, _ := w.call(http.MethodGet, path+"/message/2", nil)
	require.Equal(t, 404, status, "reads are behind")
	status, _ = w.call(http.MethodPatch, path+"/read", object{"from": "user", "origin": "chat"})
	require.Equal(t, 400, status)
	require.NoError(t, w.OperatorSetsState(id, crisp.StateResolved))
	post(text("again", nil))
	require.Equal(t, crisp.StateUnresolved, w.Conversation(id).State)
	require.Equal(t, 400, post(text("", object{"type": "file", "content": object{"url": "https://x.example/a.png", "type": "image/png"}})))

	w.Switch(func(s *crisp.Switches) { *s = crisp.Switches{AssignOnReply: true, MergeData: true} })
	_, err := w.OperatorSays(id, crisp.Kim, "I am here")
	require.NoError(t, err)
	require.Equal(t, crisp.Kim, w.Conversation(id).Assigned)
	w.call(http.MethodPatch, path+"/meta", object{"data": object{"a": "1"}, "segments": []string{"x"}})
	w.call(http.MethodPatch, path+"/meta", object{"data": object{"b": "2"}, "segments": []string{"y"}})
	require.Equal(t, object{"a": "1", "b": "2"}, w.Conversation(id).Data)
	require.Equal(t, []string{"x", "y"}, w.Conversation(id).Segments)
}

func TestTheQuotaEnds(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	w.Switch(func(s *crisp.Switches) { s.Quota = 2 })
	for range 2 {
		w.open()
	}
	status, _ := w.call(http.MethodPost, "/conversation", nil)
	require.Equal(t, http.StatusTooManyRequests, status)
	w.Switch(func(s *crisp.Switches) { s.Over420 = true })
	status, _ = w.call(http.MethodPost, "/conversation", nil)
	require.Equal(t, 420, status)
	require.Len(t, w.Conversations(), 2)
}

func TestListsAreReadInPages(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	w.Switch(func(s *crisp.Switches) { s.PageSize = 3 })
	id := w.open()
	w.open()
	for i := range 5 {
		w.call(http.MethodPost, "/conversation/"+id+"/message", text("line "+strconv.Itoa(i), nil))
	}
	var all []string
	path := "/conversation/" + id + "/messages"
	for pages := 0; ; pages++ {
		_, answer := w.call(http.MethodGet, path, nil)
		page := answer["data"].([]any)
		if len(page) == 0 {
			require.Equal(t, 2, pages)
			break
		}
		var texts []string
		for _, m := range page {
			texts = append(texts, m.(object)["content"].(string))
		}
		all = append(texts, all...)
		path = "/conversation/" + id + "/messages?timestamp_before=" + strconv.FormatInt(int64(page[0].(object)["timestamp"].(float64)), 10)
	}
	require.Equal(t, []string{"line 0", "line 1", "line 2", "line 3", "line 4"}, all)
	_, answer := w.call(http.MethodGet, "/conversations/1", nil)
	require.Len(t, answer["data"], 1, "an empty conversation is not shown")
	_, answer = w.call(http.MethodGet, "/conversations/1?include_empty=1", nil)
	require.Len(t, answer["data"], 2)
	_, answer = w.call(http.MethodGet, "/conversations/2", nil)
	require.Empty(t, answer["data"])
}

func TestHooksOfAPluginAreSignedAnewEachTime(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.open()
	_, err := w.OperatorSays(id, crisp.Sam, "refuse me once")
	require.NoError(t, err)
	hooks := w.told()
	require.Len(t, hooks, 2)
	for i, h := range hooks {
		require.Equal(t, hooks[0].raw, h.raw)
		require.Equal(t, strconv.Itoa(i+1), h.header.Get("X-Delivery-Attempt-Count"))
		require.Equal(t, "5", h.header.Get("X-Delivery-Attempt-Limit"))
		stamp := h.header.Get("X-Crisp-Request-Timestamp")
		require.Equal(t, crisp.Sign(crisp.DefaultSigningSecret, stamp, h.raw), h.header.Get("X-Crisp-Signature"))
	}
	w.Switch(func(s *crisp.Switches) { s.SecondsHeader = true })
	w.Faults.Set("hook", fake.Redeliver(1).For(1), fake.Shuffle(1))
	require.NoError(t, w.OperatorTakes(id, crisp.Sam))
	hooks = w.told()
	require.Len(t, hooks, 4)
	require.Len(t, hooks[3].header.Get("X-Crisp-Request-Timestamp"), 10)
}

func TestHooksOfAWorkspaceAreNotSignedAndTellLess(t *testing.T) {
	w := newWorkspace(t, crisp.Options{Tier: crisp.TierWebsite})
	id := w.open()
	require.NoError(t, w.OperatorTypes(id, crisp.Sam, true, ""))
	require.NoError(t, w.OperatorClosesView(id, crisp.Sam))
	require.NoError(t, w.OperatorReads(id))
	require.Equal(t, "message:acknowledge:read:send", w.events())
	require.Empty(t, w.told()[0].header.Get("X-Crisp-Signature"))
	require.Equal(t, crisp.DefaultWebsite, w.told()[0].Site)
}

func TestAnUploadsAddressComesByHookAndNoOtherWay(t *testing.T) {
	w := newWorkspace(t, crisp.Options{MaxFile: 8})
	ask := object{
		"namespace": "upload", "id": "42", "from": "plugin", "identifier": crisp.DefaultPlugin,
		"file": object{"name": "photo.jpg", "type": "image/jpeg"}, "resource": object{"type": "website", "id": crisp.DefaultWebsite},
	}
	status, answer := w.callAt(http.MethodPost, "/v1/bucket/url/generate", ask)
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, answer["data"])
	told := w.told()[0]
	require.Equal(t, "bucket:url:upload:generated", told.Event)
	require.Equal(t, "42", told.Data["id"])
	require.NotContains(t, told.Data, "session_id")
	addresses := told.Data["url"].(object)
	put := func(address, contentType, body string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	signed, resource := addresses["signed"].(string), addresses["resource"].(string)
	require.Equal(t, http.StatusForbidden, put(resource, "image/jpeg", "jpg"))
	require.Equal(t, http.StatusBadRequest, put(signed, "image/png", "jpg"))
	require.Equal(t, http.StatusRequestEntityTooLarge, put(signed, "image/jpeg", "123456789"))
	require.Equal(t, http.StatusOK, put(signed, "image/jpeg", "jpg"))
	resp, err := http.Get(resource)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "jpg", string(body))

	delete(ask, "from")
	status, _ = w.callAt(http.MethodPost, "/v1/bucket/url/generate", ask)
	require.Equal(t, http.StatusBadRequest, status)
	w.Switch(func(s *crisp.Switches) { s.NoBucketFrom, s.NoBucketWebsite = true, true })
	status, _ = w.callAt(http.MethodPost, "/v1/bucket/url/generate", ask)
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, w.told()[1].Site)
}

func TestFaultsSpoilAnswersAndHooks(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.open()
	w.Faults.Set("message.send", fake.AcceptThenStatus(http.StatusInternalServerError).For(1), fake.RefuseStatus(http.StatusBadRequest, "").For(1))
	status, answer := w.call(http.MethodPost, "/conversation/"+id+"/message", text("stored", nil))
	require.Equal(t, http.StatusBadRequest, status, "refusals go first")
	require.Equal(t, "invalid_data", answer["reason"])
	status, _ = w.call(http.MethodPost, "/conversation/"+id+"/message", text("stored", nil))
	require.Equal(t, http.StatusInternalServerError, status)
	require.Len(t, w.Conversation(id).Messages, 1)
	before := len(w.told())
	w.Faults.Set("hook", fake.Lose().For(1))
	_, err := w.OperatorSays(id, crisp.Sam, "lost on the way")
	require.NoError(t, err)
	require.Len(t, w.told(), before)
}

func TestOnlyWhoIsThereCanDoAnything(t *testing.T) {
	w := newWorkspace(t, crisp.Options{})
	id := w.VisitorWrites("hello")
	_, err := w.OperatorSays("session_x", crisp.Sam, "Hi")
	require.ErrorIs(t, err, crisp.ErrNotThere)
	_, err = w.OperatorSays(id, "nobody", "Hi")
	require.ErrorIs(t, err, crisp.ErrNotThere)
	require.ErrorIs(t, w.OperatorEdits(id, 17, "x"), crisp.ErrNotThere)
	require.ErrorIs(t, w.OperatorDeletes(id, 17), crisp.ErrNotThere)
	require.ErrorIs(t, w.OperatorIs("nobody", "away"), crisp.ErrNotThere)
	require.NoError(t, w.OperatorIs(crisp.Sam, "away"))
	require.NoError(t, w.OperatorIs(crisp.Kim, "offline"))
	_, answer := w.call(http.MethodGet, "/availability/status", nil)
	require.Equal(t, "away", answer["data"].(object)["status"])
	require.NoError(t, w.OperatorRemoves(id))
	status, _ := w.call(http.MethodGet, "/conversation/"+id, nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, w.events(), "session:removed")
}
