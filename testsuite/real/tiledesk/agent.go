package tiledesk

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Agent is somebody who answers customers. What he writes goes in by the chat engine's API, and all else by the server's.
type Agent struct {
	*Project
	User, Name, Email string

	token, chatToken string
}

// agent makes an agent of the project, available.
func (p *Project) agent(t testing.TB, first string) *Agent {
	t.Helper()
	a := &Agent{Project: p, Name: first + " Agent"}
	a.Email, a.User, a.token = p.signUp(t, first, "Agent")
	p.invite(t, a.Email, "agent", true)
	var in struct{ Token string }
	must(t, a.token, http.MethodPost, p.URL+"/chat21/native/auth/createCustomToken", struct{}{}, &in)
	a.chatToken = in.Token
	return a
}

// write sends a message through the chat engine.
func (a *Agent) write(t testing.TB, ticket string, message map[string]any) {
	t.Helper()
	body := map[string]any{
		"sender_fullname": a.Name, "recipient_id": ticket, "recipient_fullname": "Customer", "channel_type": "group", "type": "text",
		"attributes": map[string]any{"projectId": a.ID, "lang": "en-US"},
	}
	maps.Copy(body, message)
	must(t, a.chatToken, http.MethodPost, a.chat+"/api/"+app+"/messages", body, nil)
}

// Says writes to the customer.
func (a *Agent) Says(t testing.TB, ticket, text string) {
	t.Helper()
	a.write(t, ticket, map[string]any{"text": text})
}

// Whispers writes what only agents may read.
func (a *Agent) Whispers(t testing.TB, ticket, text string) {
	t.Helper()
	a.write(t, ticket, map[string]any{"text": text, "attributes": map[string]any{"projectId": a.ID, "subtype": "private"}})
}

// SendsFile uploads a picture, and sends it to the customer. It gives its address, which is below base, for the server may
// have another address than the one that we see.
func (a *Agent) SendsFile(t testing.TB, ticket, base, name string, content []byte) string {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {"image/png"},
	})
	require.NoError(t, err)
	_, _ = part.Write(content)
	require.NoError(t, w.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.at("/files/chat"), &form)
	require.NoError(t, err)
	r.Header.Set("Authorization", a.token)
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var up struct{ Filename string }
	require.NoError(t, json.Unmarshal(got, &up), string(got))
	require.NotEmpty(t, up.Filename, string(got))
	src := base + "/files?path=" + url.QueryEscape(up.Filename)
	a.write(t, ticket, map[string]any{"text": "", "type": "image", "metadata": map[string]any{"src": src, "name": name, "type": "image/png", "width": 1, "height": 1}})
	return src
}

// Types tells that he types, in the place of the chat engine.
func (a *Agent) Types(t testing.TB, ticket string) {
	t.Helper()
	must(t, a.token, http.MethodPost, a.at("/events"), map[string]any{
		"name": "typing.start", "attributes": map[string]any{"recipient_id": ticket, "writer_id": a.User},
	}, nil)
}

// Joins makes him one of those who have a conversation.
func (a *Agent) Joins(t testing.TB, ticket string) {
	t.Helper()
	must(t, a.token, http.MethodPost, a.at("/requests/"+ticket+"/participants"), map[string]any{"member": a.User}, nil)
}

// Leaves takes him away.
func (a *Agent) Leaves(t testing.TB, ticket string) {
	t.Helper()
	must(t, a.token, http.MethodDelete, a.at("/requests/"+ticket+"/participants/"+a.User), nil, nil)
}

// Closes ends a conversation.
func (a *Agent) Closes(t testing.TB, ticket string) {
	t.Helper()
	must(t, a.token, http.MethodPut, a.at("/requests/"+ticket+"/close"), struct{}{}, nil)
}
