package teams

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// graphPageSize is the largest page.
const graphPageSize = 50

// graph lets a call through that carries a token for Graph and is about our team.
func (s *Server) graph(handle func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		switch {
		case !s.admits(r, true):
			refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is missing, or for something else.")
		case s.switches.NoGraph || s.switches.Removed:
			refuse(w, http.StatusForbidden, "Forbidden", "Missing role permissions: ChannelMessage.Read.Group.")
		case r.PathValue("group") != DefaultGroup:
			refuse(w, http.StatusNotFound, "NotFound", "No team found.")
		default:
			handle(w, r)
		}
	}
}

// serveRoots lists the posts of a channel.
func (s *Server) serveRoots(w http.ResponseWriter, r *http.Request) {
	var list []map[string]any
	for _, t := range s.threads {
		if t.channel() == r.PathValue("channel") && s.visible(t.messages[0]) {
			list = append(list, s.chatMessage(t, t.messages[0]))
		}
	}
	s.page(w, r, list)
}

// serveReplies lists the replies of a thread, newest first: the order is not to be relied upon.
func (s *Server) serveReplies(w http.ResponseWriter, r *http.Request) {
	t := s.thread(r.PathValue("channel") + ";messageid=" + r.PathValue("root"))
	if t == nil {
		refuse(w, http.StatusNotFound, "NotFound", "No such message.")
		return
	}
	var list []map[string]any
	for _, m := range t.messages[1:] {
		if s.visible(m) {
			list = append([]map[string]any{s.chatMessage(t, m)}, list...)
		}
	}
	s.page(w, r, list)
}

func (s *Server) visible(m *message) bool { return s.options.Now().Sub(m.at) >= s.switches.GraphLag }

// page answers with one page.
func (s *Server) page(w http.ResponseWriter, r *http.Request, list []map[string]any) {
	top, err := strconv.Atoi(r.URL.Query().Get("$top"))
	from, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	if err != nil || top < 1 || top > graphPageSize || from > len(list) {
		refuse(w, http.StatusBadRequest, "BadRequest", "$top is wrong")
		return
	}
	to := min(from+min(top, s.options.PageSize), len(list))
	answer := map[string]any{"value": append([]map[string]any{}, list[from:to]...)}
	if to < len(list) {
		next := *r.URL
		query := next.Query()
		query.Set("$skiptoken", strconv.Itoa(to))
		next.RawQuery = query.Encode()
		answer["@odata.nextLink"] = "http://" + r.Host + next.RequestURI()
	}
	writeJSON(w, http.StatusOK, answer)
}

// chatMessage shows a message as Graph does.
func (s *Server) chatMessage(t *thread, m *message) map[string]any {
	from := map[string]any{"user": nil, "application": map[string]any{"id": s.options.AppID, "displayName": BotName, "applicationIdentityType": "bot"}}
	content := m.markup
	if who := s.member(m.by); who != nil {
		from = map[string]any{"application": nil, "user": map[string]any{"id": who.Object, "displayName": who.Name}}
		content = "<p>" + html.EscapeString(m.text) + "</p>"
	}
	mentions, attachments := []any{}, []any{}
	for i, x := range m.entities {
		name := html.UnescapeString(x.Mentioned.Name)
		content = strings.Replace(content, html.EscapeString(x.Text), `<at id="`+strconv.Itoa(i)+`">`+html.EscapeString(name)+"</at>", 1)
		mentioned := map[string]any{"application": nil, "user": map[string]any{"displayName": name}}
		if x.Mentioned.ID == "28:"+s.options.AppID {
			mentioned = map[string]any{"user": nil, "application": map[string]any{"id": s.options.AppID, "displayName": name}}
		}
		mentions = append(mentions, map[string]any{"id": i, "mentionText": name, "mentioned": mentioned})
	}
	for i, c := range m.cards {
		attachments = append(attachments, map[string]any{"id": strconv.Itoa(i), "contentType": "application/vnd.microsoft.card.adaptive", "content": string(c)})
	}
	var deleted any
	if m.deleted {
		deleted, content = s.options.Now().UTC().Format(time.RFC3339), ""
	}
	return map[string]any{
		"id": m.id, "replyToId": t.root(), "messageType": "message", "createdDateTime": m.at.UTC().Format("2006-01-02T15:04:05.999Z"),
		"deletedDateTime": deleted, "from": from, "body": map[string]any{"contentType": "html", "content": content},
		"attachments": attachments, "mentions": mentions,
	}
}
