package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
)

// side is one of the two systems that are compared.
type side interface {
	name() string
	// start makes the side ready, with that many conversations that an agent has, and gives the address for messages.
	start(ctx context.Context, temporal client.Client, conversations int) (address string, err error)
	// workflowID is the workflow of the i-th conversation.
	workflowID(i int) string
	stop()
}

// message is what the drivers post: one thing that a customer says.
type message struct {
	Conversation string `json:"conversation"`
	ID           string `json:"id"`
	Text         string `json:"text"`
}

// vendor notes when each message arrives at the other side, and does nothing else.
type vendor struct {
	mu      sync.Mutex
	arrived map[string]time.Time
	changed chan struct{}
}

func newVendor() *vendor {
	return &vendor{arrived: map[string]time.Time{}, changed: make(chan struct{}, 1)}
}

func (v *vendor) take(id string) {
	now := time.Now()
	v.mu.Lock()
	if _, twice := v.arrived[id]; !twice {
		v.arrived[id] = now
	}
	v.mu.Unlock()
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// wait waits until all ids have arrived, and gives when each did.
func (v *vendor) wait(ctx context.Context, ids []string) ([]time.Time, error) {
	for {
		v.mu.Lock()
		times := make([]time.Time, 0, len(ids))
		for _, id := range ids {
			if t, ok := v.arrived[id]; ok {
				times = append(times, t)
			}
		}
		v.mu.Unlock()
		if len(times) == len(ids) {
			return times, nil
		}
		select {
		case <-v.changed:
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serve listens on loopback.
func serve(h http.Handler) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }()
	return "http://" + l.Addr().String(), func() { _ = s.Close() }, nil
}

func readMessage(r *http.Request) (m message, err error) {
	return m, json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&m)
}

func conversationKey(i int) string { return "c" + strconv.Itoa(i) }
