package files

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/handoff-engine/handoff/connector"
)

// Metrics counts files. Never rename one: dashboards are built on them.
type Metrics struct {
	files *prometheus.CounterVec
	scans *prometheus.CounterVec
	took  prometheus.Histogram
}

// NewMetrics registers the metrics.
func NewMetrics(registry *prometheus.Registry) *Metrics {
	m := &Metrics{
		files: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_files_total",
			Help: "Attachments that were asked for, by the connection that serves them and by what became of it: opened, why it was refused, or the error kind.",
		}, []string{"connection", "result"}),
		scans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handoff_file_scans_total", Help: "Files by what the virus scanner said: clean, infected, or error.",
		}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "handoff_file_scan_seconds", Help: "How long the virus scanner took for a file.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
	registry.MustRegister(m.files, m.scans, m.took)
	return m
}

func (m *Metrics) opened(source string, err error) {
	if m == nil {
		return
	}
	result := "opened"
	switch reason := ReasonOf(err); {
	case reason != "":
		result = string(reason)
	case err != nil:
		result = string(connector.KindOf(err))
	}
	m.files.WithLabelValues(source, result).Inc()
}

func (m *Metrics) scanned(clean bool, err error, took time.Duration) {
	if m == nil {
		return
	}
	result := "infected"
	switch {
	case err != nil:
		result = "error"
	case clean:
		result = "clean"
	}
	m.scans.WithLabelValues(result).Inc()
	m.took.Observe(took.Seconds())
}
