package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/gateway"
)

// uploader is a shop whose vendor posts files below the hookpoint upload.
type uploader struct {
	*shop
	kept [][]byte
	full error
}

func (d *uploader) BodyLimit(hookpoint string) int64 {
	if hookpoint == "upload" {
		return 2 << 20
	}
	return 0
}

func (d *uploader) KeepFiles(_ context.Context, x *connector.Delivery) error {
	if x.Hookpoint == "upload" && d.full == nil {
		d.kept = append(d.kept, x.Body)
	}
	return d.full
}

func (d *uploader) Decode(x *connector.Delivery) ([]connector.Inbound, error) {
	if x.Hookpoint == "upload" {
		return nil, nil
	}
	return d.shop.Decode(x)
}

func TestFilesThatAVendorPostsAreKeptBeforeTheyAreAccepted(t *testing.T) {
	d := &uploader{}
	s := newSite(t, func(c *gateway.Config) {
		d.shop, _ = c.Connections["shop-eu"].(*shop)
		c.Connections = map[string]connector.Connector{"shop-eu": d}
	})
	picture := strings.Repeat("\xff\xfe\x00binary", 100_000)
	require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu/upload", picture).Code)
	require.Equal(t, [][]byte{[]byte(picture)}, d.kept)

	require.Equal(t, http.StatusRequestEntityTooLarge, s.post("/webhooks/shop-eu/upload", strings.Repeat("x", 3<<20)).Code)
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post("/webhooks/shop-eu", picture).Code, "large bodies come to that hookpoint alone")
	unsigned := httptest.NewRequest(http.MethodPost, "/webhooks/shop-eu/upload", strings.NewReader("x"))
	require.Equal(t, http.StatusUnauthorized, s.do(unsigned).Code)
	d.full = connector.Errorf("shop", "KeepFiles", connector.Unavailable, "%w", errors.New("no space"))
	require.Equal(t, http.StatusServiceUnavailable, s.post("/webhooks/shop-eu/upload", "x").Code)
	require.Len(t, d.kept, 1)
}

func TestTheVendorMayAskWhetherAHookpointTakesPosts(t *testing.T) {
	s := newSite(t, nil)
	w := s.do(httptest.NewRequest(http.MethodOptions, "/webhooks/shop-eu/platform", nil))
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, http.MethodPost, w.Header().Get("Allow"))
}
