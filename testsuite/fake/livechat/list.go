package livechat

import (
	"encoding/base64"
	"encoding/json"
	"slices"
)

// pageRequest are the paging fields that the list methods share. A page_id
// stands for everything that the first request said.
type pageRequest struct {
	Limit     *int            `json:"limit"`
	PageID    string          `json:"page_id"`
	SortOrder string          `json:"sort_order"`
	Filters   json.RawMessage `json:"filters"`
}

// page is what a page_id holds.
type page struct {
	Offset, Limit int
	Ascending     bool
	Filters       json.RawMessage
}

func (p page) id() string {
	b, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (req pageRequest) page(standard, longest int) (page, *failure) {
	p := page{Limit: standard, Ascending: req.SortOrder == "asc", Filters: req.Filters}
	if req.SortOrder != "" && req.SortOrder != "asc" && req.SortOrder != "desc" {
		return p, fail("validation", "`sort_order` has an unknown value")
	}
	if req.PageID != "" {
		if req.Limit != nil || req.Filters != nil || req.SortOrder != "" {
			return p, fail("validation", "`page_id` excludes other fields")
		}
		b, err := base64.RawURLEncoding.DecodeString(req.PageID)
		if err != nil || json.Unmarshal(b, &p) != nil {
			return p, fail("validation", "`page_id` is invalid")
		}
		return p, nil
	}
	if req.Limit != nil {
		p.Limit = *req.Limit
	}
	if p.Limit < 1 || p.Limit > longest {
		return p, fail("validation", "`limit` is out of range")
	}
	return p, nil
}

// cut gives the page's part of a list and the id of the next page, if there is one.
func cut[T any](p page, list []T) (part []T, next string) {
	if p.Offset > len(list) {
		return []T{}, ""
	}
	part = list[p.Offset:]
	if len(part) > p.Limit {
		part = part[:p.Limit]
		p.Offset += p.Limit
		next = p.id()
	}
	return part, next
}

func listThreads(c *call) (any, *failure) {
	var req struct {
		pageRequest
		ChatID    string `json:"chat_id"`
		MinEvents *int   `json:"min_events_count"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, false)
	if f != nil {
		return nil, f
	}
	if req.MinEvents != nil && req.Limit != nil {
		return nil, fail("validation", "`limit` and `min_events_count` exclude each other")
	}
	p, f := req.page(3, 100)
	if f != nil {
		return nil, f
	}
	threads := slices.Clone(ch.threads)
	if !p.Ascending {
		slices.Reverse(threads)
	}
	if req.MinEvents != nil {
		p.Limit = 0
		for n := 0; p.Limit < len(threads) && n < *req.MinEvents; p.Limit++ {
			n += len(threads[p.Limit].events)
		}
	}
	part, next := cut(p, threads)
	views := make([]*threadView, 0, len(part))
	for _, t := range part {
		views = append(views, c.s.viewThread(ch, t))
	}
	answer := map[string]any{"threads": views, "found_threads": len(threads)}
	if next != "" {
		answer["next_page_id"] = next
	}
	return answer, nil
}

type chatFilters struct {
	Active     *bool                                  `json:"active"`
	GroupIDs   []int                                  `json:"group_ids"`
	Properties map[string]map[string]propertyCriteria `json:"properties"`
}

type propertyCriteria struct {
	Values        []any `json:"values"`
	ExcludeValues []any `json:"exclude_values"`
}

func agentListChats(c *call) (any, *failure) {
	var req pageRequest
	if f := c.read(&req); f != nil {
		return nil, f
	}
	p, f := req.page(10, 100)
	if f != nil {
		return nil, f
	}
	var filters chatFilters
	if len(p.Filters) > 0 {
		sub := &call{request: c.request, body: p.Filters}
		if f := sub.read(&filters); f != nil {
			return nil, f
		}
	}
	var found []*chat
	for _, ch := range c.s.chats {
		if filters.match(ch) {
			found = append(found, ch)
		}
	}
	if !p.Ascending {
		slices.Reverse(found)
	}
	part, next := cut(p, found)
	list := make([]any, 0, len(part))
	for _, ch := range part {
		t := c.s.viewThread(ch, ch.last())
		list = append(list, map[string]any{
			"id": ch.id, "users": ch.users(), "properties": cloneProperties(ch.properties), "access": accessView{ch.groups},
			"last_thread_summary": map[string]any{
				"id": t.ID, "active": t.Active, "created_at": t.CreatedAt, "user_ids": t.UserIDs, "properties": t.Properties, "queue": t.Queue,
			},
		})
	}
	answer := map[string]any{"chats_summary": list, "found_chats": len(found)}
	if next != "" {
		answer["next_page_id"] = next
	}
	return answer, nil
}

func (f chatFilters) match(c *chat) bool {
	if f.Active != nil && *f.Active != (c.active() != nil) {
		return false
	}
	if len(f.GroupIDs) > 0 && !slices.ContainsFunc(f.GroupIDs, func(id int) bool { return slices.Contains(c.groups, id) }) {
		return false
	}
	for ns, names := range f.Properties {
		for name, want := range names {
			value := c.properties[ns][name]
			if len(want.Values) > 0 && !slices.Contains(want.Values, value) || slices.Contains(want.ExcludeValues, value) {
				return false
			}
		}
	}
	return true
}
