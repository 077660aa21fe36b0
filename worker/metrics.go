package worker

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/handoff-engine/handoff/conversation"
)

// Sends counts what became of sends, for Prometheus.
type Sends struct{ counter *prometheus.CounterVec }

// NewSends registers the counter.
func NewSends(registry *prometheus.Registry) *Sends {
	s := &Sends{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "handoff_sends_total",
		Help: "Calls to vendors by effect and by what became of them: delivered, found, repeated, uncertain, or the error kind.",
	}, []string{"connection", "effect", "result"})}
	registry.MustRegister(s.counter)
	return s
}

// CountSend counts one.
func (s *Sends) CountSend(connection string, kind conversation.EffectKind, result string) {
	s.counter.WithLabelValues(connection, string(kind), result).Inc()
}
