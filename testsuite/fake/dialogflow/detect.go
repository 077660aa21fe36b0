package dialogflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxText      = 256
	maxSessionID = 36
)

// errRefused is what a call that makes no sense is answered with.
type errRefused struct {
	status int
	text   string
}

func (e errRefused) Error() string { return e.text }

func invalid(text string) error { return errRefused{http.StatusBadRequest, text} }

// place is where a call is directed to.
type place struct {
	name, id, environment string
}

// serve checks what all calls have in common.
func (s *Server) serve(suffix, method string, do func(p place, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest)
			return
		case r.Method != method:
			refuse(w, http.StatusMethodNotAllowed)
			return
		case !s.admitted(r):
			refuse(w, http.StatusUnauthorized)
			return
		}
		p, err := s.place(strings.TrimSuffix(r.URL.Path, suffix))
		var result any
		if err == nil {
			result, err = do(p, body)
		}
		if refused, ok := errors.AsType[errRefused](err); ok {
			refuseWith(w, refused.status, codeOf(refused.status), refused.text)
			return
		}
		answer(w, http.StatusOK, result)
	}
}

var sessionName = regexp.MustCompile(`^projects/([^/]+)(?:/locations/([^/]+))?/(?:agent|agents/([^/]+))(?:/environments/([^/]+)(?:/users/([^/]+))?)?/sessions/([^/]+)$`)

// place reads the name of a session strictly.
func (s *Server) place(urlPath string) (place, error) {
	version := "/v2/"
	if s.opts.CX {
		version = "/v3/"
	}
	name, ok := strings.CutPrefix(urlPath, version)
	m := sessionName.FindStringSubmatch(name)
	if !ok || m == nil {
		return place{}, errRefused{http.StatusNotFound, "Requested entity was not found."}
	}
	project, location, agent, environment, user, id := m[1], m[2], m[3], m[4], m[5], m[6]
	switch {
	case project != s.opts.Project:
		return place{}, errRefused{http.StatusForbidden, "Permission denied on the project."}
	case location != s.opts.Location:
		return place{}, invalid("The location does not serve this agent.")
	case agent != s.opts.Agent, environment != "" && !slices.Contains(s.opts.Environments, environment):
		return place{}, errRefused{http.StatusNotFound, "Requested entity was not found."}
	case s.opts.CX == (user != "") && environment != "":
		return place{}, invalid("Resource name does not match the pattern.")
	case len(id) > maxSessionID:
		return place{}, invalid("Session id is too long.")
	}
	return place{name: name, id: id, environment: environment}, nil
}

// request is a detectIntent of either edition; only read knows which fields are whose.
type request struct {
	text, event, language string
	page, channel         string
	parameters            map[string]any
	contexts              []Context
	reset                 bool
	ttl                   time.Duration
	payload               map[string]any
}

func (s *Server) read(p place, body []byte) (request, error) {
	var r request
	var err error
	if s.opts.CX {
		r, err = readCX(body)
	} else {
		r, err = readES(p, body)
	}
	switch {
	case err != nil:
		return r, err
	case r.language == "":
		return r, invalid("Language code is required.")
	case r.event == "" && r.text == "" && !s.opts.CX:
		return r, invalid("Input text not set.")
	case utf8.RuneCountInString(r.text) > maxText:
		return r, invalid("Input text exceeds 256 characters.")
	}
	return r, nil
}

func strictly(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil || d.More() {
		return invalid("Invalid JSON payload received.")
	}
	return nil
}

func readES(p place, body []byte) (request, error) {
	var in struct {
		QueryParams struct {
			TimeZone       string            `json:"timeZone"`
			ResetContexts  bool              `json:"resetContexts"`
			Payload        map[string]any    `json:"payload"`
			WebhookHeaders map[string]string `json:"webhookHeaders"`
			Contexts       []struct {
				Name          string         `json:"name"`
				LifespanCount int            `json:"lifespanCount"`
				Parameters    map[string]any `json:"parameters"`
			} `json:"contexts"`
		} `json:"queryParams"`
		QueryInput struct {
			Text *struct {
				Text         string `json:"text"`
				LanguageCode string `json:"languageCode"`
			} `json:"text"`
			Event *struct {
				Name         string         `json:"name"`
				LanguageCode string         `json:"languageCode"`
				Parameters   map[string]any `json:"parameters"`
			} `json:"event"`
		} `json:"queryInput"`
	}
	if err := strictly(body, &in); err != nil {
		return request{}, err
	}
	r := request{reset: in.QueryParams.ResetContexts, payload: in.QueryParams.Payload}
	for _, c := range in.QueryParams.Contexts {
		id, ok := strings.CutPrefix(c.Name, p.name+"/contexts/")
		if !ok || !contextID.MatchString(id) || strings.HasPrefix(id, "__") || strings.HasSuffix(id, "_id_dialog_context") ||
			strings.HasSuffix(id, "_dialog_params_size") {
			return r, invalid("Resource name does not match the pattern of a context of this session.")
		}
		r.contexts = append(r.contexts, Context{ID: strings.ToLower(id), Lifespan: c.LifespanCount, Parameters: c.Parameters})
	}
	switch input := in.QueryInput; {
	case (input.Text == nil) == (input.Event == nil):
		return r, invalid("Exactly one input is required.")
	case input.Text != nil:
		r.text, r.language = input.Text.Text, input.Text.LanguageCode
	default:
		r.event, r.language, r.parameters = input.Event.Name, input.Event.LanguageCode, input.Event.Parameters
	}
	return r, nil
}

var contextID = regexp.MustCompile(`^[a-zA-Z0-9_%-]{1,250}$`)

func readCX(body []byte) (request, error) {
	var in struct {
		QueryParams struct {
			TimeZone       string            `json:"timeZone"`
			CurrentPage    string            `json:"currentPage"`
			Parameters     map[string]any    `json:"parameters"`
			SessionTTL     string            `json:"sessionTtl"`
			Channel        string            `json:"channel"`
			Payload        map[string]any    `json:"payload"`
			WebhookHeaders map[string]string `json:"webhookHeaders"`
		} `json:"queryParams"`
		QueryInput struct {
			Text *struct {
				Text string `json:"text"`
			} `json:"text"`
			Event *struct {
				Event string `json:"event"`
			} `json:"event"`
			LanguageCode string `json:"languageCode"`
		} `json:"queryInput"`
	}
	if err := strictly(body, &in); err != nil {
		return request{}, err
	}
	p := in.QueryParams
	r := request{
		language: in.QueryInput.LanguageCode, page: p.CurrentPage, parameters: p.Parameters, channel: p.Channel, payload: p.Payload,
	}
	if p.SessionTTL != "" {
		ttl, err := time.ParseDuration(p.SessionTTL)
		if err != nil || ttl > 24*time.Hour {
			return r, invalid("Session TTL is at most one day.")
		}
		r.ttl = ttl
	}
	if slices.Contains([]string{"END_SESSION", "END_FLOW"}, path.Base(r.page)) {
		return r, invalid("The page cannot be the current one.")
	}
	switch input := in.QueryInput; {
	case (input.Text == nil) == (input.Event == nil):
		return r, invalid("Exactly one input is required.")
	case input.Text != nil:
		r.text = input.Text.Text
	case strings.HasPrefix(input.Event.Event, "sys."), input.Event.Event == "":
		return r, invalid("The event is reserved.")
	default:
		r.event = input.Event.Event
	}
	return r, nil
}
