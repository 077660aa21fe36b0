package dialogflow

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Fulfillment is the agent's webhook.
type Fulfillment struct {
	URL string
	// Header holds the custom headers, or Authorization.
	Header http.Header
	// Times is how often each request is made; default once. The vendor's own
	// repeats are not documented.
	Times int
	// Within is how long an answer may take; default the vendor's 5 s.
	Within time.Duration
}

// The codes that a turn shows for its webhook, of gRPC.
const (
	codeInvalid     = 3
	codeUnavailable = 14
	maxFulfillment  = 64 << 10
)

// fulfil asks the webhook during a turn, and gives the code that the turn shows.
func (s *Server) fulfil(p place, id string, t Turn, a Answer, r request) int {
	f := s.opts.Fulfillment
	if f.Within == 0 {
		f.Within = 5 * time.Second
	}
	body, err := json.Marshal(s.fulfillment(p, id, t, a, r))
	if err != nil {
		return codeInvalid
	}
	client := &http.Client{Timeout: f.Within}
	code := 0
	for range max(1, f.Times) {
		req, err := http.NewRequest(http.MethodPost, f.URL, bytes.NewReader(body))
		if err != nil {
			return codeInvalid
		}
		req.Header = f.Header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("Content-Type", "application/json")
		code = s.ask(client, req)
	}
	return code
}

// ask makes one request and reads the answer as strictly as the vendor.
func (s *Server) ask(client *http.Client, req *http.Request) int {
	resp, err := client.Do(req)
	if err != nil {
		return codeUnavailable
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFulfillment+1))
	if err != nil || resp.StatusCode != http.StatusOK {
		return codeUnavailable
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	var into any = &struct {
		FulfillmentText     string           `json:"fulfillmentText"`
		FulfillmentMessages []map[string]any `json:"fulfillmentMessages"`
		Source              string           `json:"source"`
		Payload             map[string]any   `json:"payload"`
		OutputContexts      []map[string]any `json:"outputContexts"`
		FollowupEventInput  map[string]any   `json:"followupEventInput"`
	}{}
	if s.opts.CX {
		into = &struct {
			FulfillmentResponse map[string]any `json:"fulfillmentResponse"`
			PageInfo            map[string]any `json:"pageInfo"`
			SessionInfo         map[string]any `json:"sessionInfo"`
			Payload             map[string]any `json:"payload"`
			TargetPage          string         `json:"targetPage"`
			TargetFlow          string         `json:"targetFlow"`
		}{}
	}
	if len(body) > maxFulfillment || d.Decode(into) != nil {
		return codeInvalid
	}
	return 0
}

// fulfillment is the request of the agent's edition.
func (s *Server) fulfillment(p place, id string, t Turn, a Answer, r request) any {
	if !s.opts.CX {
		return map[string]any{
			"responseId": id + "-19db3199", "session": p.name,
			"queryResult":                 s.resultES(p, &session{contexts: t.Contexts}, r, a),
			"originalDetectIntentRequest": map[string]any{"source": "web", "payload": r.payload},
			"someFieldAddedLater":         true,
		}
	}
	return map[string]any{
		"detectIntentResponseId": id, "text": r.text, "languageCode": r.language,
		"fulfillmentInfo": map[string]any{"tag": a.Tag},
		"intentInfo":      map[string]any{"lastMatchedIntent": p.name + "/intents/9d0e", "displayName": a.Intent, "confidence": 0.98},
		"pageInfo":        map[string]any{"currentPage": s.pageName("START_PAGE")},
		"sessionInfo":     map[string]any{"session": p.name, "parameters": t.Parameters},
		"messages":        messagesCX(a), "payload": r.payload, "someFieldAddedLater": true,
	}
}
