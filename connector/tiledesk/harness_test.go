package tiledesk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const hookSecret = subjects.TiledeskSecret

// desk is a fake server and the test that looks at it.
type desk struct {
	*subjects.TiledeskDesk
}

func newDesk(t *testing.T, change ...func(*vendor.Options)) *desk {
	var o vendor.Options
	for _, f := range change {
		f(&o)
	}
	return &desk{subjects.NewTiledeskDesk(t, o)}
}

// inbound decodes all webhooks after the first n.
func (d *desk) inbound(c *tiledesk.Client, n int) []connector.Inbound {
	var list []connector.Inbound
	for _, delivery := range d.Deliveries()[n:] {
		require.NoError(d.T, c.Verify(delivery))
		events, err := c.Decode(delivery)
		require.NoError(d.T, err)
		list = append(list, events...)
	}
	return list
}

// open makes a connection to the desk.
func (d *desk) open(change ...func(*tiledesk.Config)) *tiledesk.Client {
	c := subjects.TiledeskConfig(d.Web.URL, hookSecret)
	for _, f := range change {
		f(&c)
	}
	client, err := tiledesk.New(c, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(d.T, err)
	return client
}

// file is one that an agent sent.
func (d *desk) file(base string, content []byte) (address string) {
	ticket, err := d.open().Open(d.T.Context(), connector.OpenRequest{Key: "files:1/e1-1", Conversation: "files:1"})
	require.NoError(d.T, err)
	address, err = d.AgentSendsFile(ticket.ID, vendor.Alice, base, "i.png", "image/png", content)
	require.NoError(d.T, err)
	return address
}
