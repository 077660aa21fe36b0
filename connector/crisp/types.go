package crisp

import "encoding/json"

// envelope is what every answer is wrapped in.
type envelope struct {
	Error  bool            `json:"error"`
	Reason string          `json:"reason"`
	Data   json.RawMessage `json:"data"`
}

// Values of the API.
const (
	typeText  = "text"
	typeNote  = "note"
	typeFile  = "file"
	typeEvent = "event"

	fromUser     = "user"
	fromOperator = "operator"

	stateResolved = "resolved"

	// plainOrigin is the origin of the vendor's own chat.
	plainOrigin = "chat"
	// keyProperty is the property, and the data field, that carries our key.
	keyProperty = "handoff_key"
	// partProperty marks messages of ours that are not the last, or only, one of a send.
	partProperty = "handoff_part"
)

// newMessage is a message to be sent.
type newMessage struct {
	Type        string            `json:"type"`
	From        string            `json:"from"`
	Origin      string            `json:"origin"`
	Content     any               `json:"content"`
	Fingerprint int64             `json:"fingerprint"`
	Automated   bool              `json:"automated,omitempty"`
	Properties  map[string]string `json:"properties,omitempty"`
}

// fileContent is the content of files, animations and audios.
type fileContent struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
	Type string `json:"type"`
}

// message is a message as lists and web hooks show it. What it is about depends on the event: fields that one does not
// have are empty. Properties may hold texts, numbers and truth values.
type message struct {
	Type        string          `json:"type"`
	From        string          `json:"from"`
	Origin      string          `json:"origin"`
	Content     json.RawMessage `json:"content"`
	Fingerprint int64           `json:"fingerprint"`
	Timestamp   int64           `json:"timestamp"`
	Automated   bool            `json:"automated"`
	Stealth     bool            `json:"stealth"`
	Edited      bool            `json:"edited"`
	User        user            `json:"user"`
	Properties  map[string]any  `json:"properties"`
}

type user struct {
	ID       string `json:"user_id"`
	Nickname string `json:"nickname"`
}

// richContent is the content of pickers, fields and carousels.
type richContent struct {
	Text    string `json:"text"`
	Explain string `json:"explain"`
	Choices []struct {
		Label string `json:"label"`
		Value string `json:"value"`
	} `json:"choices"`
	Targets []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Actions     []struct {
			Label string `json:"label"`
			URL   string `json:"url"`
		} `json:"actions"`
	} `json:"targets"`
}

// hook is the body of a web hook.
type hook struct {
	WebsiteID string          `json:"website_id"`
	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data"`
	Timestamp int64           `json:"timestamp"`
}

// about says what a web hook's data is about: a session, and the sub-inbox that it is in.
type about struct {
	SessionID string          `json:"session_id"`
	InboxID   json.RawMessage `json:"inbox_id"`
}

// Data of web hooks.
type (
	messageUpdated struct {
		Fingerprint int64           `json:"fingerprint"`
		Content     json.RawMessage `json:"content"`
	}
	composing struct {
		Type      string `json:"type"`
		Automated bool   `json:"automated"`
		User      user   `json:"user"`
	}
	routed struct {
		RoutingID  *string `json:"routing_id"`
		PreviousID *string `json:"previous_routing_id"`
	}
	bucketURL struct {
		ID       string `json:"id"`
		Resource struct {
			ID string `json:"id"`
		} `json:"resource"`
		URL struct {
			Resource string `json:"resource"`
			Signed   string `json:"signed"`
		} `json:"url"`
		Policy struct {
			SizeLimit int64 `json:"size_limit"`
		} `json:"policy"`
	}
)

// session is a conversation.
type session struct {
	ID       string `json:"session_id"`
	State    string `json:"state"`
	Assigned struct {
		UserID string `json:"user_id"`
	} `json:"assigned"`
	Meta struct {
		Data map[string]any `json:"data"`
	} `json:"meta"`
}

// meta tells operators who the customer is.
type meta struct {
	Nickname string            `json:"nickname,omitempty"`
	Email    string            `json:"email,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Subject  string            `json:"subject,omitempty"`
	Segments []string          `json:"segments"`
	Data     map[string]string `json:"data"`
}

// routing assigns a conversation; nil takes it from whoever has it, so it is never left out.
type routing struct {
	Assigned *assigned `json:"assigned"`
	Silent   bool      `json:"silent"`
}

type assigned struct {
	UserID string `json:"user_id"`
}

// operator is a person who answers, in the list of all.
type operator struct {
	Details struct {
		UserID       string `json:"user_id"`
		Availability string `json:"availability"`
	} `json:"details"`
}

// generateURL asks for an address that a file can be put at.
type generateURL struct {
	Namespace  string     `json:"namespace"`
	ID         string     `json:"id"`
	From       string     `json:"from"`
	Identifier string     `json:"identifier"`
	File       bucketFile `json:"file"`
	Resource   resource   `json:"resource"`
}

type bucketFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type resource struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}
