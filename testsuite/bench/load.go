package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
)

// load is how much is measured.
type load struct {
	rounds, lone, bursts, conversations, senders, messages int
}

const burst = 10

// mostTries bounds how often one message is sent.
const mostTries = 20

// figures are what one side did, in one round or as medians.
type figures struct {
	// AcknowledgedPerSecond and RelayedPerSecond are under load.
	AcknowledgedPerSecond float64 `json:"acknowledged_per_second"`
	RelayedPerSecond      float64 `json:"relayed_per_second"`
	// Latencies are from the webhook's sending to the vendor's call, of messages sent one at a time.
	LatencyP50 float64 `json:"latency_p50_ms"`
	LatencyP95 float64 `json:"latency_p95_ms"`
	LatencyP99 float64 `json:"latency_p99_ms"`
	// LoadedP50 and LoadedP99 are the same under load.
	LoadedP50 float64 `json:"loaded_latency_p50_ms"`
	LoadedP99 float64 `json:"loaded_latency_p99_ms"`
	// Refused counts the webhooks under load that were told to come back, which they did.
	Refused float64 `json:"loaded_told_to_come_back"`
	// Events and bytes of history for each message.
	EventsLone  float64 `json:"events_per_message_lone"`
	EventsBurst float64 `json:"events_per_message_burst"`
	BytesLone   float64 `json:"bytes_per_message_lone"`
	BytesBurst  float64 `json:"bytes_per_message_burst"`
}

// driver sends messages to one side.
type driver struct {
	side     side
	address  string
	vendor   *vendor
	temporal client.Client
	http     *http.Client
	sent     int
	refused  atomic.Int64
}

// measure runs both sides in turns, and gives the medians of each.
func measure(ctx context.Context, temporal client.Client, l load) (our, their figures, err error) {
	ov, bv := newVendor(), newVendor()
	drivers := []*driver{
		{side: &ours{vendor: ov}, vendor: ov, temporal: temporal},
		{side: &bare{vendor: bv}, vendor: bv, temporal: temporal},
	}
	for _, d := range drivers {
		d.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: l.senders}}
		if d.address, err = d.side.start(ctx, temporal, l.conversations+2); err != nil {
			return our, their, fmt.Errorf("starting %s: %w", d.side.name(), err)
		}
		defer d.side.stop()
		// One round unmeasured warms caches, connections and the sticky queue.
		if _, err := d.round(ctx, load{lone: 10, bursts: 2, conversations: l.conversations, senders: l.senders, messages: 200}); err != nil {
			return our, their, err
		}
	}
	rounds := make([][]figures, len(drivers))
	for n := range l.rounds {
		for i := range drivers {
			// Who goes first changes, so that neither always runs on the other's heels.
			d := (i + n) % len(drivers)
			f, err := drivers[d].round(ctx, l)
			if err != nil {
				return our, their, fmt.Errorf("measuring %s: %w", drivers[d].side.name(), err)
			}
			rounds[d] = append(rounds[d], f)
		}
	}
	return medians(rounds[0]), medians(rounds[1]), nil
}

// settle is how long the server has for itself before a round.
const settle = 3 * time.Second

// round measures one side once.
func (d *driver) round(ctx context.Context, l load) (f figures, err error) {
	// The server still works on what the load before left behind: tasks, visibility, the store's log. That is nobody's latency.
	pause(ctx, settle)
	alone, bursting := l.conversations, l.conversations+1
	if err := d.measureLone(ctx, alone, l.lone, &f); err != nil {
		return f, err
	}
	if err := d.measureBursts(ctx, bursting, l.bursts, &f); err != nil {
		return f, err
	}
	return f, d.measureLoad(ctx, l, &f)
}

// measureLone sends one message at a time, the next when the last has arrived.
func (d *driver) measureLone(ctx context.Context, conversation, n int, f *figures) error {
	var took []time.Duration
	grown, err := d.growth(ctx, conversation, func() error {
		for range n {
			id, sent, err := d.send(ctx, conversation)
			if err != nil {
				return err
			}
			arrived, err := d.vendor.wait(ctx, []string{id})
			if err != nil {
				return err
			}
			took = append(took, arrived[0].Sub(sent))
			// The workflow hears of the delivery before the next message: messages of people are seconds apart.
			pause(ctx, 15*time.Millisecond)
		}
		return nil
	})
	f.LatencyP50, f.LatencyP95, f.LatencyP99 = quantile(took, .5), quantile(took, .95), quantile(took, .99)
	f.EventsLone, f.BytesLone = grown.events/float64(n), grown.bytes/float64(n)
	return err
}

// measureBursts sends ten messages at once, the next ten when they have arrived.
func (d *driver) measureBursts(ctx context.Context, conversation, n int, f *figures) error {
	grown, err := d.growth(ctx, conversation, func() error {
		for range n {
			ids := make([]string, burst)
			errs := make([]error, burst)
			var all sync.WaitGroup
			for i := range burst {
				d.sent++
				ids[i] = d.id(d.sent)
				all.Go(func() { _, errs[i] = d.post(ctx, conversation, ids[i]) })
			}
			all.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			if _, err := d.vendor.wait(ctx, ids); err != nil {
				return err
			}
			pause(ctx, 30*time.Millisecond)
		}
		return nil
	})
	f.EventsBurst, f.BytesBurst = grown.events/float64(n*burst), grown.bytes/float64(n*burst)
	return err
}

// measureLoad has many senders send to many conversations.
func (d *driver) measureLoad(ctx context.Context, l load, f *figures) error {
	type sending struct {
		id   string
		sent time.Time
		err  error
	}
	all := make([]sending, l.messages)
	for i := range all {
		d.sent++
		all[i].id = d.id(d.sent)
	}
	next, refused := make(chan int), d.refused.Load()
	var senders sync.WaitGroup
	started := time.Now()
	for range l.senders {
		senders.Go(func() {
			for i := range next {
				all[i].sent, all[i].err = d.post(ctx, i%l.conversations, all[i].id)
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	senders.Wait()
	acknowledged := time.Since(started)
	ids := make([]string, len(all))
	for i, s := range all {
		if s.err != nil {
			return s.err
		}
		ids[i] = s.id
	}
	arrived, err := d.vendor.wait(ctx, ids)
	if err != nil {
		return err
	}
	last := slices.MaxFunc(arrived, time.Time.Compare)
	took := make([]time.Duration, len(all))
	for i := range all {
		took[i] = arrived[i].Sub(all[i].sent)
	}
	f.AcknowledgedPerSecond = float64(len(all)) / acknowledged.Seconds()
	f.RelayedPerSecond = float64(len(all)) / last.Sub(started).Seconds()
	f.LoadedP50, f.LoadedP99 = quantile(took, .5), quantile(took, .99)
	f.Refused = float64(d.refused.Load() - refused)
	return nil
}

func (d *driver) id(n int) string { return fmt.Sprintf("%p-%d", d.vendor, n) }

func (d *driver) send(ctx context.Context, conversation int) (id string, sent time.Time, err error) {
	d.sent++
	id = d.id(d.sent)
	sent, err = d.post(ctx, conversation, id)
	return id, sent, err
}

// post posts one message of 200 bytes, and again if it is told to come back, as a vendor does.
func (d *driver) post(ctx context.Context, conversation int, id string) (time.Time, error) {
	text := id + " " + strings.Repeat("x", max(0, 199-len(id)))
	body, err := json.Marshal(message{Conversation: conversationKey(conversation), ID: id, Text: text})
	if err != nil {
		return time.Time{}, err
	}
	sent := time.Now()
	for range mostTries {
		wait, err := d.try(ctx, body)
		if err != nil || wait == 0 {
			return sent, err
		}
		d.refused.Add(1)
		pause(ctx, wait)
	}
	return sent, fmt.Errorf("%s answered %d times that a message cannot be stored now", d.side.name(), mostTries)
}

// try posts once, and gives how long to wait where the answer is to come back.
func (d *driver) try(ctx context.Context, body []byte) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); {
	case resp.StatusCode == http.StatusOK:
		return 0, nil
	case resp.StatusCode == http.StatusServiceUnavailable && err == nil && seconds > 0:
		return time.Duration(seconds) * time.Second, nil
	default:
		return 0, fmt.Errorf("%s answered %s", d.side.name(), resp.Status)
	}
}

// history is what a workflow's histories hold.
type history struct{ events, bytes float64 }

// growth gives by how much a conversation's history grows while do runs.
func (d *driver) growth(ctx context.Context, conversation int, do func() error) (history, error) {
	before, err := d.history(ctx, conversation)
	if err != nil {
		return history{}, err
	}
	if err := do(); err != nil {
		return history{}, err
	}
	pause(ctx, 100*time.Millisecond)
	after, err := d.history(ctx, conversation)
	return history{after.events - before.events, after.bytes - before.bytes}, err
}

func (d *driver) history(ctx context.Context, conversation int) (history, error) {
	described, err := d.temporal.DescribeWorkflowExecution(ctx, d.side.workflowID(conversation), "")
	if err != nil {
		return history{}, err
	}
	info := described.GetWorkflowExecutionInfo()
	return history{float64(info.GetHistoryLength()), float64(info.GetHistorySizeBytes())}, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// quantile gives a quantile in milliseconds.
func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}
