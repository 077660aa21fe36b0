package certainly

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// variableResult is the bot's variable that tells the module how the handoff ended: one of the results.
const variableResult = "handoff_result"

// The results.
const (
	resultHandedBack = "handed_back"
	resultEnded      = "ended"
)

// ResumeBot gives the customer back to the bot, which the vendor calls takeover. With a ClaimEnd value the bot runs the
// module that its connections lead to, and runs it again each time: a call of unknown outcome is made with the value once
// more, because a silent bot is worse than a repeated module, and without it from then on. So it is with a module that is
// named by its number.
func (c *Client) ResumeBot(ctx context.Context, req connector.ResumeRequest) error {
	const op = "ResumeBot"
	path, err := c.userPath(op, "takeover", req.To)
	if err != nil {
		return err
	}
	value := c.claimEnd(req)
	if len(value) > maxClaimEnd {
		return connector.Errorf(Name, op, connector.Invalid, "the ClaimEnd value is longer than %d bytes", maxClaimEnd)
	}
	if value == "" || c.routed.Of(req.Key) > 1 {
		return c.change(ctx, op, path)
	}
	if module, ok := c.module(value); ok {
		err = c.change(ctx, op, path)
		if err != nil {
			return err
		}
		err = c.run(ctx, op, req, module)
	} else {
		err = c.change(ctx, op, path+"?ClaimEnd="+url.QueryEscape(value))
	}
	if connector.KindOf(err) == connector.UncertainOutcome {
		c.routed.Set(req.Key, c.routed.Of(req.Key)+1)
	}
	return err
}

// claimEnd is where the bot goes on: where the request says, else the bot itself, else the configuration.
func (c *Client) claimEnd(req connector.ResumeRequest) string {
	switch {
	case !req.Launch:
		return c.config.ClaimEndOnEnd
	case req.Node != "":
		return req.Node
	case req.Vendor[vendorClaimEnd] != "":
		return req.Vendor[vendorClaimEnd]
	}
	return c.config.ClaimEnd
}

// moduleNumber is the shape of a module's number.
var moduleNumber = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// module reads a place as a module's number, which needs a credential of its own.
func (c *Client) module(place string) (int64, bool) {
	if c.config.PublicToken.First() == "" || !moduleNumber.MatchString(place) {
		return 0, false
	}
	n, err := strconv.ParseInt(place, 10, 64)
	return n, err == nil
}

// run runs a module of the bot and tells it the result (vendor reference, Trigger response API endpoint). Whether that
// works while the bot listens is not documented, so that the takeover comes first. A refusal is no failure: the bot has
// the customer, and where it goes on is the lesser thing.
func (c *Client) run(ctx context.Context, op string, req connector.ResumeRequest, module int64) error {
	result := resultEnded
	if req.Launch {
		result = resultHandedBack
	}
	err := c.call(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: "/actionsvc/trigger-response/",
		Header: http.Header{"Authorization": {"JWT " + c.config.PublicToken.First().Reveal()}},
		Body: triggerBody{
			UserID: req.To, ModuleID: module, Variables: map[string]string{variableResult: result}, Async: true,
		},
	}, nil)
	if kind := connector.KindOf(err); kind.Permanent() {
		c.log.Warn("module refused, the bot goes on by itself", "connection", c.connection, "op", op, "module", module, "kind", kind)
		return nil
	}
	return err
}
