package gateway

import "github.com/prometheus/client_golang/prometheus"

// metrics are the gateway's own. Never rename one: dashboards are built on them.
type metrics struct {
	webhooks *prometheus.CounterVec
	events   *prometheus.CounterVec
	weak     *prometheus.CounterVec
	took     *prometheus.HistogramVec
	links    *prometheus.CounterVec
	passing  *prometheus.CounterVec
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_webhooks_total", Help: "Webhook requests by what became of them: accepted, or the status of the refusal.",
		}, []string{"connection", "result"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_events_total", Help: "Events by kind and by what became of them: accepted, late, no_conversation, too_old, not_stored.",
		}, []string{"connection", "kind", "result"}),
		weak: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_weak_ids_total", Help: "Events whose id was made from their content because the vendor gives none.",
		}, []string{"connection"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "handoff_webhook_seconds", Help: "Time from a webhook's arrival to its events being stored.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 3},
		}, []string{"connection"}),
	}
	m.links = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "handoff_file_links_total", Help: "Links to files that were followed, by the answer: served, or the status of the refusal.",
	}, []string{"result"})
	m.passing = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "handoff_passing_total",
		Help: "Notices of typing and reading by the connection that told them and by what became of them: shown, expired, dropped, not_shown, or the error kind.",
	}, []string{"connection", "kind", "result"})
	registry.MustRegister(m.webhooks, m.events, m.weak, m.took, m.links, m.passing)
	return m
}
