package crisp_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

var picture = conversation.Attachment{URL: "https://files.example/parcel.png", Name: "parcel.png", ContentType: "image/png"}

// attach is a picture for the operators.
func attach(ticket conversation.Ticket, content []byte) connector.AttachmentRequest {
	return connector.AttachmentRequest{
		Key: "shop:c1/e1-3", Ticket: ticket, Attachment: picture,
		Open: func(context.Context) (connector.File, error) {
			return connector.File{ReadCloser: io.NopCloser(bytes.NewReader(content)), Name: "parcel.png", ContentType: "image/png", Size: -1}, nil
		},
	}
}

// hearing gives the client every hook as it comes, as a gateway in the same process does, and a first one.
func (d *desk) hearing(c *crisp.Client) *crisp.Client {
	d.Also(func(delivery *connector.Delivery) { _, _ = c.Decode(delivery) })
	require.NoError(d.T, d.OperatorIs(vendor.Sam, "online"))
	d.Deliveries()
	return c
}

// file is the address of the only file that the customer sent.
func (d *desk) file(ticket conversation.Ticket) string {
	files := d.Texts(ticket, func(m vendor.Message) bool { return m.Type == "file" && m.From == "user" })
	require.Len(d.T, files, 1)
	return files[0]
}

func TestAFileIsKeptAtCrispWhereItsHooksAreHeard(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.NoBucketWebsite = true })
	c := d.hearing(d.connect())
	ticket := open(t, c, "shop:c1/e1-2")
	req := attach(ticket, []byte("the picture"))
	req.Text = "Look at this"
	_, err := c.SendAttachment(t.Context(), req)
	require.NoError(t, err)
	resp, err := http.Get(d.file(ticket))
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "the picture", string(got))
	require.Equal(t, []string{d.file(ticket), "Look at this"}, d.Texts(ticket, subjects.CrispSaid))
}

func TestAFileWithoutAnAddressAtCrispKeepsItsOwn(t *testing.T) {
	for name, prepare := range map[string]func(d *desk) *crisp.Client{
		"no hook was ever heard": func(d *desk) *crisp.Client { return d.connect() },
		"no plugin":              func(d *desk) *crisp.Client { return d.hearing(d.connect(func(c *crisp.Config) { c.PluginID = "" })) },
		"the call is refused": func(d *desk) *crisp.Client {
			d.Switch(func(s *vendor.Switches) { s.NoBucketFrom = true })
			return d.hearing(d.connect())
		},
		"the storage refuses it": func(d *desk) *crisp.Client {
			d.Faults.Set("storage", fake.RefuseStatus(http.StatusForbidden, ""))
			return d.hearing(d.connect())
		},
	} {
		d := newDesk(t)
		c := prepare(d)
		ticket := open(t, c, "shop:c1/e1-2")
		_, err := c.SendAttachment(t.Context(), attach(ticket, []byte("x")))
		require.NoError(t, err, name)
		require.Equal(t, picture.URL, d.file(ticket), name)
	}
}

func TestWhatCrispDoesNotTakeGoesOutAsALink(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.RefuseForeignFiles = true })
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	req := attach(ticket, []byte("x"))
	_, err := c.SendAttachment(t.Context(), req)
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
	req.Attachment = conversation.Attachment{Latitude: 52.1, Longitude: 4.3}
	_, err = c.SendAttachment(t.Context(), req)
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
	req.Attachment = conversation.Attachment{Name: "no address"}
	_, err = c.SendAttachment(t.Context(), req)
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
	require.Empty(t, d.Texts(ticket, subjects.CrispSaid))
}

func TestAFileThatIsTooLargeForCrispKeepsItsOwnAddress(t *testing.T) {
	d := newDesk(t)
	c := d.hearing(d.connect())
	ticket := open(t, c, "shop:c1/e1-2")
	_, err := c.SendAttachment(t.Context(), attach(ticket, bytes.Repeat([]byte("x"), 10_000_001)))
	require.NoError(t, err)
	require.Equal(t, picture.URL, d.file(ticket))
	require.Zero(t, d.Faults.Calls("storage"))
}

func TestTroubleWhileAFileIsPutAwayIsNoUncertainSend(t *testing.T) {
	d := newDesk(t)
	c := d.hearing(d.connect())
	ticket := open(t, c, "shop:c1/e1-2")
	d.Faults.Set("storage", fake.AcceptThenReset().For(1))
	_, err := c.SendAttachment(t.Context(), attach(ticket, []byte("x")))
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	d.Faults.Set("bucket", fake.RateLimit(0, "1").For(1))
	_, err = c.SendAttachment(t.Context(), attach(ticket, []byte("x")))
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	broken := attach(ticket, nil)
	broken.Open = func(context.Context) (connector.File, error) {
		return connector.File{}, connector.Errorf("channel", "FetchAttachment", connector.Unavailable, "not now")
	}
	time.Sleep(time.Second)
	_, err = c.SendAttachment(t.Context(), broken)
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.Empty(t, d.Texts(ticket, subjects.CrispSaid))

	// The address was told and its answer lost: the file is kept all the same.
	d.Faults.Set("bucket", fake.AcceptThenReset().For(1))
	_, err = c.SendAttachment(t.Context(), attach(ticket, []byte("x")))
	require.NoError(t, err)
	require.Contains(t, d.file(ticket), "/storage/")
}

func TestACaptionWhoseAnswerWasLostDoesNotBringTheFileTwice(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	req := attach(ticket, []byte("x"))
	req.Text = "Look at this"
	// The file is looked for twice and sent; then the caption is looked for, and refused.
	over := &lossy{lose: 5, before: true}
	_, err := d.connectOver(over).SendAttachment(t.Context(), req)
	require.Error(t, err)
	require.Equal(t, 5, over.calls)
	_, err = c.SendAttachment(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{picture.URL, "Look at this"}, d.Texts(ticket, subjects.CrispSaid))
	find := connector.FindRequest{Key: req.Key, Ticket: ticket, Attachment: &picture, Text: "Look at this\nparcel.png\n" + picture.URL, Since: at}
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
}

func TestAnAddressThatDoesNotComeIsAwaitedOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := vendor.New(vendor.Options{})
		c, err := crisp.New(subjects.CrispConfig("http://crisp.invalid"), connector.Deps{
			Connection: "under-test", Unpaced: true, HTTP: &http.Client{Transport: direct{s}},
		})
		require.NoError(t, err)
		ticket := open(t, c, "shop:c1/e1-2")
		_, err = c.Decode(&connector.Delivery{Body: []byte(`{"event":"session:error","data":{}}`)})
		require.NoError(t, err)
		send := func(key conversation.Key) time.Duration {
			began := time.Now()
			req := attach(ticket, []byte("x"))
			req.Key = key
			_, err := c.SendAttachment(t.Context(), req)
			require.NoError(t, err)
			return time.Since(began)
		}
		require.Equal(t, 10*time.Second, send("shop:c1/e1-3"), "another process of ours may have heard it")
		require.Zero(t, send("shop:c1/e1-4"))
		time.Sleep(10 * time.Minute)
		require.Equal(t, 10*time.Second, send("shop:c1/e1-5"))
		require.Equal(t, 2, s.Faults.Calls("bucket"))

		time.Sleep(10 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.SendAttachment(ctx, attach(ticket, []byte("x")))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestAnAddressOfNoStorageIsNotUsed(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	hook := func(event, data string) {
		_, err := c.Decode(&connector.Delivery{Body: []byte(`{"event":"` + event + `","data":` + data + `}`)})
		require.NoError(t, err)
	}
	hook("session:error", "{}")
	d.SetHook("") // The vendor's own hook does not come.
	asked := make(chan error)
	go func() {
		_, err := c.SendAttachment(t.Context(), attach(ticket, []byte("x")))
		asked <- err
	}()
	require.Eventually(t, func() bool { return d.Faults.Calls("bucket") > 0 }, time.Second, time.Millisecond)
	for _, website := range []string{"another", vendor.DefaultWebsite} {
		hook("bucket:url:upload:generated", `{"id":"`+idOf(t)+`","resource":{"id":"`+website+
			`"},"url":{"resource":"https://evil.example/x","signed":"http://169.254.169.254/x"},"policy":{"size_limit":5}}`)
	}
	require.NoError(t, <-asked)
	require.Equal(t, picture.URL, d.file(ticket))
}

// idOf is what an upload of attach's key is called.
func idOf(t *testing.T) string {
	t.Helper()
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	receipt, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "x"})
	require.NoError(t, err)
	return receipt.ID
}
