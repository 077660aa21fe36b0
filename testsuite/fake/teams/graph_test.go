package teams_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/teams"
)

func TestGraphShowsAThreadToItsOwnToken(t *testing.T) {
	b := newBot(t, teams.Options{PageSize: 2})
	thread := b.opened()
	_, root, _ := strings.Cut(thread, ";messageid=")
	messages := "/v1.0/teams/" + teams.DefaultGroup + "/channels/" + teams.DefaultChannel + "/messages"
	replies := messages + "/" + root + "/replies?$top=50"
	_, _ = b.call(http.MethodPost, "conversations/"+thread+"/activities", text("<b>Ana:</b> 1 &lt; 2<br/>x"))
	_, err := b.AgentMentions(thread, teams.Sam, "<yes>")
	require.NoError(t, err)
	gone, err := b.AgentSays(thread, teams.Sam, "gone")
	require.NoError(t, err)
	require.NoError(t, b.AgentDeletes(thread, gone))

	status, _ := b.send(http.MethodGet, replies, "", "")
	require.Equal(t, http.StatusUnauthorized, status, "the Connector's token is for the Connector")

	_, answer := b.login(map[string]string{"scope": b.web.URL + "/.default"})
	b.token = answer["access_token"].(string)
	status, first := b.send(http.MethodGet, replies, "", "")
	require.Equal(t, http.StatusOK, status)
	_, second := b.send(http.MethodGet, strings.TrimPrefix(first["@odata.nextLink"].(string), b.web.URL), "", "")
	require.Nil(t, second["@odata.nextLink"])
	var seen []string
	for _, m := range append(first["value"].([]any), second["value"].([]any)...) {
		m := m.(map[string]any)
		seen = append(seen, m["body"].(map[string]any)["content"].(string))
		require.Equal(t, m["id"] == gone, m["deletedDateTime"] != nil)
	}
	require.Equal(t, []string{"", `<p><at id="0">Handoff</at> &lt;yes&gt;</p>`, "<b>Ana:</b> 1 &lt; 2<br/>x"}, seen)
	_, roots := b.send(http.MethodGet, messages+"?$top=1", "", "")
	require.Contains(t, roots["value"].([]any)[0].(map[string]any)["attachments"].([]any)[0].(map[string]any)["content"], "AdaptiveCard")

	for path, want := range map[string]int{
		messages + "/1/replies?$top=50": http.StatusNotFound, strings.Replace(replies, "50", "51", 1): http.StatusBadRequest,
		strings.Replace(replies, teams.DefaultGroup, "x", 1): http.StatusNotFound,
	} {
		status, _ := b.send(http.MethodGet, path, "", "")
		require.Equal(t, want, status, path)
	}
	b.Switch(func(s *teams.Switches) { s.GraphLag = time.Minute })
	_, none := b.send(http.MethodGet, replies, "", "")
	require.Empty(t, none["value"], "not yet")
	b.Switch(func(s *teams.Switches) { s.NoGraph = true })
	status, _ = b.send(http.MethodGet, replies, "", "")
	require.Equal(t, http.StatusForbidden, status)
}
