package worker

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/handoff-engine/handoff/conversation"
)

// Sends counts what became of sends, and how customers liked the help, for Prometheus.
type Sends struct{ counter, degraded, ratings *prometheus.CounterVec }

// NewSends registers the counters.
func NewSends(registry *prometheus.Registry) *Sends {
	s := &Sends{
		counter: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_sends_total",
			Help: "Calls to vendors by effect and by what became of them: delivered, found, repeated, uncertain, or the error kind.",
		}, []string{"connection", "effect", "result"}),
		degraded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_degraded_total",
			Help: "Delivered messages that lost something because the vendor cannot show it, by what stands there instead.",
		}, []string{"connection", "what"}),
		ratings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_ratings_total",
			Help: "Customers' answers to the survey, from 1, the worst, to 5.",
		}, []string{"route", "rating"}),
	}
	registry.MustRegister(s.counter, s.degraded, s.ratings)
	return s
}

// CountDegraded counts one message.
func (s *Sends) CountDegraded(connection string, what conversation.Reason) {
	s.degraded.WithLabelValues(connection, string(what)).Inc()
}

// CountRating counts one answer.
func (s *Sends) CountRating(route string, rating int) {
	s.ratings.WithLabelValues(route, strconv.Itoa(rating)).Inc()
}

// CountSend counts one.
func (s *Sends) CountSend(connection string, kind conversation.EffectKind, result string) {
	s.counter.WithLabelValues(connection, string(kind), result).Inc()
}
