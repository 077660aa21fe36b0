package loose_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/loose"
)

// message has a field of each type.
type message struct {
	Text   loose.Text             `json:"text"`
	Int    loose.Int              `json:"int"`
	Time   loose.Time             `json:"time"`
	Object loose.Object           `json:"object"`
	List   loose.List[loose.Text] `json:"list"`
	After  string                 `json:"after"`
}

func TestOddValuesCostNothingBesideThem(t *testing.T) {
	for _, odd := range []string{`null`, `{"a":[1]}`, `[{"a":1}]`, `"x"`, `true`, `-1e400`, `1e400`, `0.5`, `""`, `"NaN"`} {
		body := `{"text":` + odd + `,"int":` + odd + `,"time":` + odd + `,"object":` + odd + `,"list":` + odd + `,"after":"here"}`
		var m message
		require.NoError(t, json.Unmarshal([]byte(body), &m), odd)
		require.Equal(t, "here", m.After)
		require.Zero(t, m.Int, odd)
	}
}

func TestValuesAreTakenInWhateverFormTheyCome(t *testing.T) {
	for _, tc := range []struct {
		body string
		want message
	}{
		{`{"text":"a","int":12,"time":1791200417}`, message{Text: "a", Int: 12, Time: loose.Time{Time: time.Unix(1791200417, 0).UTC()}}},
		{`{"text":4107,"int":" 12 ","time":"1791200417.512043"}`, message{Text: "4107", Int: 12, Time: loose.Time{Time: time.UnixMicro(1791200417512043).UTC()}}},
		{`{"text":true,"int":12.0,"time":-5}`, message{Text: "true", Int: 12}},
		{`{"text":null,"int":"9007199254740993","time":99999999999}`, message{Int: 9007199254740993}},
		{`{"list":["a",1,null]}`, message{List: loose.List[loose.Text]{"a", "1", ""}}},
		{`{"list":"a","object":"a"}`, message{}},
	} {
		var m message
		require.NoError(t, json.Unmarshal([]byte(tc.body), &m), tc.body)
		require.Equal(t, tc.want, m, tc.body)
	}
}

func TestAnObjectIsReadByKeys(t *testing.T) {
	var o loose.Object
	require.NoError(t, json.Unmarshal([]byte(`{"b":"12","a":{"c":1.5},"list":[{"d":"e"},"no object"],"word":"x"}`), &o))
	require.Equal(t, []string{"a", "b", "list", "word"}, o.Keys())
	require.EqualValues(t, 12, o.Int("b"))
	require.Zero(t, o.Int("word"))
	require.Empty(t, o.Text("missing"))
	f, ok := o.Object("a").Float("c")
	require.True(t, ok)
	require.InDelta(t, 1.5, f, 0)
	_, ok = o.Float("word")
	require.False(t, ok)
	require.Empty(t, o.Object("word"))
	list := loose.ListOf[loose.Object](o, "list")
	require.Equal(t, "e", list[0].Text("d"))
	require.Empty(t, list[1])
	require.Empty(t, loose.ListOf[loose.Text](o, "word"))
}
