package gateway

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

var start = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

func second(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }

// talk is a conversation of four lines and two changes of state.
func talk() conversation.View {
	return conversation.View{
		ID: "app:c1", Started: start, State: conversation.Assigned, Agent: &conversation.Author{ID: "mira", Name: "Mira"},
		Transcript: conversation.Transcript{Last: 4, Lines: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, At: second(1), Text: "a human please"},
			{N: 2, Role: conversation.RoleNotice, At: second(2), Text: "one moment"},
			{N: 3, Role: conversation.RoleAgent, Name: "Mira", At: second(5), Text: "here I am"},
			{N: 4, Role: conversation.RoleAgent, Name: "Mira", At: second(6), Attachment: &conversation.Attachment{URL: "https://files.example/a.png"}},
		}},
		History: []conversation.Transition{
			{From: conversation.InBot, To: conversation.Waiting, Reason: conversation.ByBot, At: second(2)},
			{From: conversation.Waiting, To: conversation.Assigned, Reason: conversation.AgentTook, At: second(4)},
		},
	}
}

func reading(from place) *reader { return &reader{key: "c1", at: from} }

// told writes pieces in short.
func told(pieces []piece) []string {
	var list []string
	for _, p := range pieces {
		list = append(list, strings.TrimSpace(p.kind+" "+p.data.Text+string(p.data.State)))
	}
	return list
}

func TestWhoComesNewGetsTheWholeTalkAndHowThingsStand(t *testing.T) {
	r := reading(place{})
	pieces := r.news(talk())
	require.Equal(t, []string{
		"message.created a human please", "message.created one moment", "conversation.updated agent-assigned",
		"message.created here I am", "attachment.created",
	}, told(pieces))
	require.Equal(t, "Mira", pieces[2].data.Agent.Name)
	require.Empty(t, r.news(talk()), "nothing comes twice")
}

func TestButtonsStandBelowTheirMessage(t *testing.T) {
	v := talk()
	v.Transcript.Lines[2].Buttons = []conversation.Button{{Label: "Yes", Value: "yes"}, {Label: "Map", URL: "https://shop.example/map"}}
	pieces := reading(place{}).news(v)
	body, err := json.Marshal(pieces[3].data)
	require.NoError(t, err)
	require.Contains(t, string(body), `"text":"here I am","buttons":[{"label":"Yes","value":"yes"},{"label":"Map","url":"https://shop.example/map"}]`)
}

func TestWhoComesBackGetsExactlyWhatWasMissedWhereverTheBreakWas(t *testing.T) {
	whole := reading(place{}).news(talk())
	for i, last := range whole {
		again := reading(placeOf(last.at.String())).news(talk())
		require.Equal(t, told(whole[i+1:]), told(again), "after %s", last.at)
	}
}

func TestAnIDThatIsNoneBeginsAnew(t *testing.T) {
	for _, id := range []string{"", "x", "1-2", "a-b-c-d", "a--1-2-0", "a-1--2-0", "a-1-2-99999999999", "mb8k2c00-2-1-0"} {
		require.Len(t, reading(placeOf(id)).news(talk()), 5, id)
	}
}

func TestWhatMayBeWithheldWaitsUntilItIsSettled(t *testing.T) {
	v := talk()
	v.Pending = []conversation.Effect{{Kind: conversation.Say, Line: 2}}
	r := reading(place{})
	require.Equal(t, []string{"message.created a human please", "conversation.updated agent-assigned"}, told(r.news(v)))
	v.Pending, v.Trouble = nil, []conversation.Effect{{Kind: conversation.Say, Line: 2, Status: conversation.Withheld}}
	require.Equal(t, []string{"message.created here I am", "attachment.created"}, told(r.news(v)), "withheld words are never shown")
}

func TestAHumansWordsWaitForNothing(t *testing.T) {
	v := talk()
	v.Pending = []conversation.Effect{{Kind: conversation.Say, Line: 3, Human: true}, {Kind: conversation.Post, Line: 1}}
	require.Len(t, reading(place{}).news(v), 5)
}

// edit changes a line as the conversation does.
func edit(v *conversation.View, line int, text string) {
	lines := append([]conversation.Line(nil), v.Transcript.Lines...)
	v.Transcript.Edits++
	lines[line-1].Edit, lines[line-1].Text, lines[line-1].Deleted = v.Transcript.Edits, text, text == ""
	v.Transcript.Lines = lines
}

func TestEditsAndDeletionsAreToldOnceThroughABreakToo(t *testing.T) {
	r := reading(place{})
	whole := r.news(talk())
	v := talk()
	edit(&v, 4, "")
	edit(&v, 3, "here I am, at last")
	pieces := r.news(v)
	require.Equal(t, []string{"message.deleted", "message.updated here I am, at last"}, told(pieces))
	require.Empty(t, r.news(v))
	missed := reading(placeOf(whole[len(whole)-1].at.String())).news(v)
	require.Equal(t, pieces, missed, "who was away is told")
	require.Equal(t, told(pieces[1:]), told(reading(placeOf(pieces[0].at.String())).news(v)))
}

func TestWhatWasEditedBeforeItWasShownIsShownAsItIsNow(t *testing.T) {
	v := talk()
	edit(&v, 3, "here I am, at last")
	edit(&v, 4, "")
	for _, from := range []place{{}, reading(place{}).news(talk())[1].at} {
		r := reading(from)
		seen := told(r.news(v))
		require.Contains(t, seen, "message.created here I am, at last")
		require.NotContains(t, strings.Join(seen, " "), "attachment.created")
		require.NotContains(t, strings.Join(seen, " "), "message.updated")
		require.Empty(t, r.news(v))
	}
}

func TestANewConversationOfTheSameKeyBeginsAtItsFirstLine(t *testing.T) {
	r := reading(place{})
	r.news(talk())
	v := talk()
	v.Started = start.Add(time.Hour)
	require.Len(t, r.news(v), 5)
}

func TestChangesThatWereCutAreSkipped(t *testing.T) {
	r := reading(place{})
	r.news(talk())
	v := talk()
	v.HistoryCut, v.History = 7, []conversation.Transition{{From: conversation.Assigned, To: conversation.Ended, At: second(9)}}
	require.Equal(t, []string{"conversation.ended ended"}, told(r.news(v)))
	require.Equal(t, 8, r.at.change)
}

func TestAnEventIsOneLineOfJSONWithItsMarkup(t *testing.T) {
	p := piece{at: place{"e", 1, 2, 3}, kind: newsMessage, data: newsData{Conversation: "c1", Text: "<b>two\nlines</b>", At: start}}
	require.Equal(t, "id: e-1-2-3\nevent: message.created\ndata: "+
		`{"conversation":"c1","text":"<b>two\nlines</b>","at":"2026-03-02T09:30:00Z"}`+"\n\n", string(p.write()))
}
