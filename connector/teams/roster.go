package teams

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// rosterLasts is how long the people of a channel are remembered.
	rosterLasts = 10 * time.Minute
	// rosterPage is the size of a page, and rosterPages bounds how many are read.
	rosterPage  = "500"
	rosterPages = 10
	// maxChoices bounds whom a card offers to transfer to.
	maxChoices = 100
)

// roster are the people of a channel, as of a time.
type roster struct {
	people []account
	read   time.Time
}

// people gives who can answer in a channel: all people of its team.
func (c *Client) people(ctx context.Context, op, service, channel string) ([]account, error) {
	c.mu.Lock()
	known, ok := c.roster[channel]
	c.mu.Unlock()
	if ok && time.Since(known.read) < rosterLasts {
		return known.people, nil
	}
	var people []account
	query := url.Values{"pageSize": {rosterPage}}
	for range rosterPages {
		var page members
		err := c.call(ctx, request{op: op, method: http.MethodGet, service: service, path: []string{"conversations", channel, "pagedmembers"}, query: query}, &page)
		if err != nil {
			return nil, err
		}
		people = append(people, page.Members...)
		if page.ContinuationToken == "" {
			break
		}
		query.Set("continuationToken", page.ContinuationToken)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roster[channel] = roster{people: people, read: time.Now()}
	return people, nil
}

// person finds an agent of a channel. Nobody of that id is NotFound.
func (c *Client) person(ctx context.Context, op, service, channel, id string) (account, error) {
	people, err := c.people(ctx, op, service, channel)
	if err != nil {
		return account{}, err
	}
	for _, p := range people {
		if p.AADObjectID == id || p.ID == id {
			return p, nil
		}
	}
	return account{}, connector.Errorf(Name, op, connector.NotFound, "the agent is not in the team")
}

// choices are whom a card offers to transfer to. Without a roster the card has no transfer.
func (c *Client) choices(ctx context.Context, op, service, channel string) []choice {
	people, err := c.people(ctx, op, service, channel)
	if err != nil {
		c.log.Warn("card has no transfer: the channel's people could not be read", "op", op, "kind", connector.KindOf(err))
		return nil
	}
	var list []choice
	for _, p := range people {
		if who := c.author(p); who.ID != "" && who.Name != "" {
			list = append(list, choice{Title: who.Name, Value: who.ID + " " + who.Name})
		}
	}
	slices.SortFunc(list, func(a, b choice) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Value, b.Value)) })
	return list[:min(len(list), maxChoices)]
}

// chosen reads the value of a choice: an id, and the name behind the first blank.
func (c *Client) chosen(value string) (conversation.Author, bool) {
	id, told, ok := strings.Cut(value, " ")
	return conversation.Author{ID: id, Name: told}, ok && id != ""
}
