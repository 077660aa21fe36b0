package fake

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// Refuser writes the vendor's own answer for a status, for faults that give no
// body. It is called after the headers a fault asks for are set.
type Refuser func(w http.ResponseWriter, status int)

// Serve answers one call of an operation with handle, unless a fault says
// otherwise. What handle does has happened before a fault may spoil the answer.
// handle must read the request's body: a server notices a client that has gone
// away only after that.
func (f *Faults) Serve(w http.ResponseWriter, r *http.Request, op string, refuse Refuser, handle http.HandlerFunc) {
	f.count(op)
	if slow, ok := f.take(op, FaultSlow); ok {
		f.wait(r, time.Duration(slow.Delay))
	}
	if fault, ok := f.take(op, FaultRefuseStatus, FaultRateLimit); ok {
		status := fault.Status
		if fault.Kind == FaultRateLimit {
			status = http.StatusTooManyRequests
			if fault.RetryAfter != "" {
				w.Header().Set("Retry-After", fault.RetryAfter)
			}
		}
		answer(w, status, fault.Body, refuse)
		return
	}
	fault, ok := f.take(op, FaultAcceptThenStatus, FaultAcceptThenHang, FaultAcceptThenReset)
	if !ok {
		handle(w, r)
		return
	}
	handle(&discarded{header: http.Header{}}, r)
	switch fault.Kind {
	case FaultAcceptThenStatus:
		answer(w, fault.Status, fault.Body, refuse)
	case FaultAcceptThenHang:
		longest := time.Duration(fault.Delay)
		if longest == 0 {
			longest = time.Hour
		}
		f.wait(r, longest)
		cut(w)
	default:
		cut(w)
	}
}

// wait ends early when the client goes away or the faults are cleared.
func (f *Faults) wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-f.released():
	}
}

func answer(w http.ResponseWriter, status int, body string, refuse Refuser) {
	if body == "" && refuse != nil {
		refuse(w, status)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// cut resets the connection, so that the client cannot tell whether it was served.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// discarded takes the answer that a fault keeps from the client.
type discarded struct {
	header http.Header
	body   bytes.Buffer
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return d.body.Write(b) }
func (d *discarded) WriteHeader(int)             {}

// ServeHTTP lets a test in another process set the switches: GET lists them,
// POST {"op":"send_text","fault":"accept_then_status","status":500,"times":1}
// adds one, DELETE clears those of ?op=, or all. Mount it at /_fake/faults.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		f.mu.Lock()
		defer f.mu.Unlock()
		WriteJSON(w, map[string]any{"faults": append([]*armed{}, f.active...), "calls": f.calls})
	case http.MethodPost:
		var a armed
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&a); err != nil || a.Op == "" || a.Kind == "" {
			http.Error(w, "want {\"op\":…,\"fault\":…}", http.StatusBadRequest)
			return
		}
		f.Set(a.Op, a.Fault)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		op := r.URL.Query().Get("op")
		if op == "" {
			op = AnyOp
		}
		f.Clear(op)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
