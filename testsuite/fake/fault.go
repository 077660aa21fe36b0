// Package fake holds what every vendor fake shares: the switches for faults, the
// journal of what people on the other side saw, and the sender of webhooks.
//
// A fake is strict: it refuses what its vendor would refuse. A fault is a
// departure from that, asked for by a test, for one operation or for all, for a
// number of times or until it is cleared:
//
//	faults.Set("send_text", fake.AcceptThenReset().For(1))
//	faults.Set("*", fake.RefuseStatus(503, "").For(3))
//	faults.Set("hook", fake.Redeliver(2))
package fake

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// FaultKind names what goes wrong. The names are used over HTTP too.
type FaultKind string

// The faults of calls come first, those of webhooks after.
const (
	FaultAcceptThenStatus FaultKind = "accept_then_status"
	FaultAcceptThenHang   FaultKind = "accept_then_hang"
	FaultAcceptThenReset  FaultKind = "accept_then_reset"
	FaultRefuseStatus     FaultKind = "refuse_status"
	FaultRateLimit        FaultKind = "rate_limit"
	FaultSlow             FaultKind = "slow"

	FaultRedeliver FaultKind = "redeliver"
	FaultShuffle   FaultKind = "shuffle"
	FaultLose      FaultKind = "lose"
	FaultEcho      FaultKind = "echo"
)

// AnyOp as the name of an operation means every operation.
const AnyOp = "*"

// Fault is one switch. Make it with one of the functions below.
type Fault struct {
	Kind        FaultKind `json:"fault"`
	Times       int       `json:"times,omitempty"`       // how often it strikes; 0: until cleared
	Status      int       `json:"status,omitempty"`      // the answer of accept_then_status and refuse_status
	Body        string    `json:"body,omitempty"`        // its body; empty: the vendor's own
	RetryAfter  string    `json:"retry_after,omitempty"` // the header of rate_limit; empty: none
	Delay       Duration  `json:"delay,omitempty"`       // of slow; of accept_then_hang: its longest
	N           int       `json:"n,omitempty"`           // calls per second allowed, or extra copies of a webhook
	Probability float64   `json:"probability,omitempty"` // of lose; 0: each one
	Seed        uint64    `json:"seed,omitempty"`        // of shuffle and lose
	On          bool      `json:"on,omitempty"`          // of echo
}

// Duration is a time.Duration that JSON writes as "150ms".
type Duration time.Duration

// MarshalJSON writes d as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads text such as "150ms".
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// AcceptThenStatus does what was asked and then answers with status.
func AcceptThenStatus(status int) Fault { return Fault{Kind: FaultAcceptThenStatus, Status: status} }

// AcceptThenHang does what was asked and then never answers.
func AcceptThenHang() Fault { return Fault{Kind: FaultAcceptThenHang} }

// AcceptThenReset does what was asked and then cuts the connection.
func AcceptThenReset() Fault { return Fault{Kind: FaultAcceptThenReset} }

// RefuseStatus does nothing and answers with status. An empty body stands for
// the vendor's own body of that status.
func RefuseStatus(status int, body string) Fault {
	return Fault{Kind: FaultRefuseStatus, Status: status, Body: body}
}

// RateLimit refuses with 429 what goes beyond n calls in one second; with n = 0
// it refuses each call. An empty retryAfter leaves the header out.
func RateLimit(n int, retryAfter string) Fault {
	return Fault{Kind: FaultRateLimit, N: n, RetryAfter: retryAfter}
}

// Slow waits for d before anything is done.
func Slow(d time.Duration) Fault { return Fault{Kind: FaultSlow, Delay: Duration(d)} }

// Redeliver sends n more copies of a webhook that was already accepted.
func Redeliver(n int) Fault { return Fault{Kind: FaultRedeliver, N: n} }

// Shuffle sends webhooks that are due close together in another order.
func Shuffle(seed uint64) Fault { return Fault{Kind: FaultShuffle, Seed: seed} }

// Lose never sends a webhook; use For to lose only the next ones.
func Lose() Fault { return Fault{Kind: FaultLose} }

// LoseSome loses each webhook with the given probability.
func LoseSome(probability float64, seed uint64) Fault {
	return Fault{Kind: FaultLose, Probability: probability, Seed: seed}
}

// Echo switches on or off that our own sends come back as webhooks.
func Echo(on bool) Fault { return Fault{Kind: FaultEcho, On: on} }

// For limits the fault to the next n times.
func (f Fault) For(n int) Fault {
	f.Times = n
	return f
}

// Faults is the set of switches of one fake. The zero value has none set and is
// ready; all methods may be used at the same time.
type Faults struct {
	mu      sync.Mutex
	active  []*armed
	calls   map[string]int
	release chan struct{} // closed by Clear, so that hanging calls end
}

// armed is a fault that is switched on.
type armed struct {
	Op string `json:"op"`
	Fault
	Struck int `json:"struck"`

	rand   *rand.Rand
	recent []time.Time
}

// Set switches faults on for an operation, in addition to those that are on.
func (f *Faults) Set(op string, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.active = append(f.active, &armed{
			Op: op, Fault: fault, rand: rand.New(rand.NewPCG(fault.Seed, 0)),
		})
	}
}

// Clear switches off the faults of an operation, or all of them for AnyOp, and
// lets go of calls that hang.
func (f *Faults) Clear(op string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.active[:0]
	for _, a := range f.active {
		if op != AnyOp && a.Op != op {
			kept = append(kept, a)
		}
	}
	f.active = kept
	if f.release != nil {
		close(f.release)
		f.release = nil
	}
}

// Calls says how many calls of an operation reached the fake, refused ones
// included. AnyOp counts all.
func (f *Faults) Calls(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op != AnyOp {
		return f.calls[op]
	}
	sum := 0
	for _, n := range f.calls {
		sum += n
	}
	return sum
}

// Struck says how often the faults that are set for op have struck; those that
// are used up count until they are cleared.
func (f *Faults) Struck(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for _, a := range f.active {
		if a.Op == op {
			sum += a.Struck
		}
	}
	return sum
}

// take returns the first fault of one of the kinds that strikes op, and counts
// it. A fault that names the operation goes before one for all.
func (f *Faults) take(op string, kinds ...FaultKind) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range []string{op, AnyOp} {
		for _, a := range f.active {
			if a.Op == name && slices.Contains(kinds, a.Kind) && a.strikes(time.Now()) {
				return a.Fault, true
			}
		}
	}
	return Fault{}, false
}

// strikes decides whether the fault happens now, and counts it if so.
func (a *armed) strikes(now time.Time) bool {
	if a.Times > 0 && a.Struck >= a.Times {
		return false
	}
	switch {
	case a.Kind == FaultRateLimit && a.N > 0 && a.roomInSecond(now):
		return false
	case a.Kind == FaultLose && a.Probability > 0 && a.rand.Float64() >= a.Probability:
		return false
	}
	a.Struck++
	return true
}

// roomInSecond notes a call and says whether it is within N calls in a second.
func (a *armed) roomInSecond(now time.Time) bool {
	for len(a.recent) > 0 && now.Sub(a.recent[0]) >= time.Second {
		a.recent = a.recent[1:]
	}
	if len(a.recent) >= a.N {
		return false
	}
	a.recent = append(a.recent, now)
	return true
}

// EchoOn says whether our own sends of op come back as webhooks; byDefault is
// the vendor's habit.
func (f *Faults) EchoOn(op string, byDefault bool) bool {
	if fault, ok := f.take(op, FaultEcho); ok {
		return fault.On
	}
	return byDefault
}

// count notes a call of op.
func (f *Faults) count(op string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[op]++
}

// released is closed when Clear is called next.
func (f *Faults) released() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.release == nil {
		f.release = make(chan struct{})
	}
	return f.release
}
