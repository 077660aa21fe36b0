package landbot

import (
	"net/http"
	"net/url"
	"slices"
)

// hook is a message hook of one channel. The vendor shows its token in clear.
type hook struct {
	ID        int64   `json:"id"`
	URL       string  `json:"url"`
	Token     string  `json:"token"`
	Name      string  `json:"name"`
	ChannelID int64   `json:"channel_id"`
	CreatedAt float64 `json:"created_at"`
	UpdatedAt float64 `json:"updated_at"`
}

// withChannel hands the channel of the path to do, or answers 404.
func (s *Server) withChannel(c call, do func(Channel) reply) reply {
	for _, ch := range s.opts.Channels {
		if ch.ID == c.id("channel") {
			return do(ch)
		}
	}
	return failure(http.StatusNotFound, "channel_id", "Not found")
}

// withHook hands the hook of the path to do, or answers 404.
func (s *Server) withHook(c call, do func(int) reply) reply {
	return s.withChannel(c, func(ch Channel) reply {
		for i, h := range s.hooked {
			if h.ID == c.id("hook") && h.ChannelID == ch.ID {
				return do(i)
			}
		}
		return failure(http.StatusNotFound, "hook_id", "Not found")
	})
}

func (s *Server) listHooks(c call) reply {
	return s.withChannel(c, func(ch Channel) reply {
		list := []*hook{}
		for _, h := range s.hooked {
			if h.ChannelID == ch.ID {
				list = append(list, h)
			}
		}
		return reply{http.StatusOK, map[string]any{"success": true, "hooks": list}}
	})
}

// createHook makes a hook on each call, also for an address that has one.
func (s *Server) createHook(c call) reply {
	return s.withChannel(c, func(ch Channel) reply {
		body := struct {
			URL   string `json:"url"`
			Token string `json:"token"`
			Name  string `json:"name"`
		}{}
		if form, err := url.ParseQuery(string(c.body)); c.form && err == nil {
			body.URL, body.Token, body.Name = form.Get("url"), form.Get("token"), form.Get("name")
		} else if bad, ok := c.decode(&body); !ok {
			return bad
		}
		if u, err := url.Parse(body.URL); err != nil || u.Host == "" {
			return failure(http.StatusUnprocessableEntity, "url", "Enter a valid URL")
		}
		now := epoch(s.opts.Now())
		s.lastID++
		h := &hook{
			ID: s.lastID, URL: body.URL, Token: body.Token, Name: body.Name,
			ChannelID: ch.ID, CreatedAt: now, UpdatedAt: now,
		}
		s.hooked = append(s.hooked, h)
		return reply{http.StatusOK, map[string]any{"success": true, "hook": h}}
	})
}

func (s *Server) getHook(c call) reply {
	return s.withHook(c, func(i int) reply {
		return reply{http.StatusOK, map[string]any{"success": true, "hook": s.hooked[i]}}
	})
}

func (s *Server) deleteHook(c call) reply {
	return s.withHook(c, func(i int) reply {
		s.hooked = slices.Delete(s.hooked, i, i+1)
		return reply{status: http.StatusNoContent}
	})
}
