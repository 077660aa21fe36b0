package livechat

import (
	"encoding/json"
	"time"
)

// The vendor's JSON, as far as a handoff needs it: vendor reference, Agent Chat API and webhooks, version 3.6.

// hook is the envelope of every webhook. WebhookID names the registration, not the delivery.
type hook struct {
	SecretKey      string          `json:"secret_key"`
	Action         string          `json:"action"`
	OrganizationID string          `json:"organization_id"`
	Payload        json.RawMessage `json:"payload"`
	AdditionalData additionalData  `json:"additional_data"`
}

type additionalData struct {
	ChatProperties properties `json:"chat_properties"`
	Presence       []string   `json:"chat_presence_user_ids"`
}

// properties are namespaced values; the namespace of an app is its client id.
type properties map[string]map[string]any

func (p properties) text(namespace, name string) string {
	s, _ := p[namespace][name].(string)
	return s
}

type chat struct {
	ID         string     `json:"id"`
	Users      []user     `json:"users"`
	Properties properties `json:"properties"`
	Access     access     `json:"access"`
	Thread     *thread    `json:"thread"`
}

// customer gives the id of the chat's customer, or "".
func (c chat) customer() string {
	for _, u := range c.Users {
		if u.Type == "customer" {
			return u.ID
		}
	}
	return ""
}

type access struct {
	GroupIDs []int `json:"group_ids"`
}

type user struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Name       string `json:"name"`
	Present    bool   `json:"present"`
	Visibility string `json:"visibility"`
}

type thread struct {
	ID         string     `json:"id"`
	Active     bool       `json:"active"`
	CreatedAt  time.Time  `json:"created_at"`
	Properties properties `json:"properties"`
	Queue      *queue     `json:"queue"`
	Events     []event    `json:"events"`
}

type queue struct {
	Position int `json:"position"`
	// WaitTime is in seconds.
	WaitTime float64 `json:"wait_time"`
	QueuedAt string  `json:"queued_at"`
}

// event is one entry of a thread.
type event struct {
	ID         string     `json:"id"`
	CustomID   string     `json:"custom_id"`
	Type       string     `json:"type"`
	Text       string     `json:"text"`
	AuthorID   string     `json:"author_id"`
	Visibility string     `json:"visibility"`
	CreatedAt  time.Time  `json:"created_at"`
	Properties properties `json:"properties"`

	Name        string `json:"name"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	// Elements are read leniently: no card may cost the message it is part of.
	Elements json.RawMessage `json:"elements"`
}

// element is one card of a rich message.
type element struct {
	Title    string `json:"title"`
	Subtitle string `json:"subtitle"`
	Image    *struct {
		URL string `json:"url"`
	} `json:"image"`
	Buttons []struct {
		Text  string `json:"text"`
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"buttons"`
}

// Payloads of webhooks.
type (
	incomingChat struct {
		Chat *chat `json:"chat"`
	}
	incomingEvent struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		Event    *event `json:"event"`
	}
	eventDeleted struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		EventID  string `json:"event_id"`
	}
	chatTransferred struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		To       struct {
			AgentIDs []string `json:"agent_ids"`
		} `json:"transferred_to"`
		Queue *queue `json:"queue"`
	}
	userAdded struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		User     user   `json:"user"`
	}
	userRemoved struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		UserID   string `json:"user_id"`
	}
	eventsSeen struct {
		ChatID   string `json:"chat_id"`
		UserID   string `json:"user_id"`
		SeenUpTo string `json:"seen_up_to"`
	}
	chatDeactivated struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
		UserID   string `json:"user_id"`
	}
)

// failure is the error envelope of the chat APIs.
type failure struct {
	Error struct {
		Type string `json:"type"`
		Data struct {
			Region string `json:"region"`
		} `json:"data"`
	} `json:"error"`
}

// oauthFailure is the error body of the account server.
type oauthFailure struct {
	OAuth    string `json:"oauth_exception"`
	Identity string `json:"identity_exception"`
}

// newEvent is an event to be sent.
type newEvent struct {
	Type              string `json:"type"`
	Text              string `json:"text,omitempty"`
	URL               string `json:"url,omitempty"`
	CustomID          string `json:"custom_id,omitempty"`
	SystemMessageType string `json:"system_message_type,omitempty"`
	Visibility        string `json:"visibility,omitempty"`
}

// Requests and answers of the Customer Chat API.
type (
	openChat struct {
		Continuous bool        `json:"continuous"`
		Chat       openingChat `json:"chat"`
	}
	openingChat struct {
		ID         string        `json:"id,omitempty"`
		Access     access        `json:"access"`
		Properties properties    `json:"properties,omitempty"`
		Thread     openingThread `json:"thread"`
	}
	openingThread struct {
		Properties properties `json:"properties"`
		Events     []newEvent `json:"events,omitempty"`
	}
	openedChat struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
	}
	sendEvent struct {
		ChatID string   `json:"chat_id"`
		Event  newEvent `json:"event"`
	}
	sentEvent struct {
		EventID string `json:"event_id"`
	}
	customerChats struct {
		Chats []struct {
			ID           string `json:"id"`
			LastThreadID string `json:"last_thread_id"`
			Active       bool   `json:"active"`
		} `json:"chats_summary"`
	}
	updateCustomer struct {
		Name          string              `json:"name,omitempty"`
		Email         string              `json:"email,omitempty"`
		SessionFields []map[string]string `json:"session_fields,omitempty"`
	}
)

// Requests of the Agent Chat API.
type (
	getChat struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id,omitempty"`
	}
	listChats struct {
		Limit   int         `json:"limit"`
		Filters chatFilters `json:"filters"`
	}
	chatFilters struct {
		Properties map[string]map[string]propertyFilter `json:"properties"`
	}
	propertyFilter struct {
		Values []string `json:"values"`
	}
	listThreads struct {
		ChatID string `json:"chat_id"`
		Limit  int    `json:"limit"`
	}
	threads struct {
		Threads []thread `json:"threads"`
	}
	transferChat struct {
		ID                 string  `json:"id"`
		Target             *target `json:"target,omitempty"`
		IgnoreAvailability bool    `json:"ignore_agents_availability"`
		IgnorePresence     bool    `json:"ignore_requester_presence"`
	}
	target struct {
		Type string `json:"type"`
		IDs  any    `json:"ids"`
	}
	membership struct {
		ChatID         string `json:"chat_id"`
		UserID         string `json:"user_id"`
		UserType       string `json:"user_type"`
		Visibility     string `json:"visibility,omitempty"`
		IgnorePresence bool   `json:"ignore_requester_presence"`
	}
)

// registration is one webhook of the Configuration API.
type registration struct {
	ID             string   `json:"id,omitempty"`
	Action         string   `json:"action"`
	URL            string   `json:"url"`
	SecretKey      string   `json:"secret_key,omitempty"`
	Type           string   `json:"type"`
	OwnerClientID  string   `json:"owner_client_id"`
	Description    string   `json:"description,omitempty"`
	AdditionalData []string `json:"additional_data,omitempty"`
	Filters        *filters `json:"filters,omitempty"`
}

type filters struct {
	AuthorType  string `json:"author_type,omitempty"`
	OnlyMyChats bool   `json:"only_my_chats,omitempty"`
}
