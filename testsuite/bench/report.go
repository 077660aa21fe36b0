package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what is printed and written.
type report struct {
	When        time.Time         `json:"when"`
	Store       string            `json:"store"`
	Machine     string            `json:"machine"`
	Go          string            `json:"go"`
	Versions    map[string]string `json:"versions"`
	LoadBefore  string            `json:"load_average_before"`
	LoadAfter   string            `json:"load_average"`
	Throughput  float64           `json:"relay_throughput_ratio"`
	Latency     float64           `json:"latency_p50_ratio"`
	EventsLone  float64           `json:"events_per_message_lone"`
	EventsBurst float64           `json:"events_per_message_burst"`
	Handoff     figures           `json:"handoff"`
	Bare        figures           `json:"bare"`
}

func newReport(o options, ours, bare figures, loadBefore string) report {
	return report{
		When: time.Now().UTC().Truncate(time.Second), Store: o.store, Machine: machine(), Go: runtime.Version(), Versions: versions(),
		LoadBefore: loadBefore, LoadAfter: loadAverage(),
		Throughput: ratio(ours.RelayedPerSecond, bare.RelayedPerSecond), Latency: ratio(ours.LatencyP50, bare.LatencyP50),
		EventsLone: ours.EventsLone, EventsBurst: ours.EventsBurst, Handoff: ours, Bare: bare,
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// print writes the table that docs/benchmarks.md holds.
func (r report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	row := func(what string, ours, bare float64, unit string) {
		_, _ = fmt.Fprintf(w, "| %s\t| %.1f %s\t| %.1f %s\t| %.2f\t|\n", what, ours, unit, bare, unit, ratio(ours, bare))
	}
	_, _ = fmt.Fprintf(w, "| figure\t| handoff\t| bare loop\t| ratio\t|\n|---\t|---\t|---\t|---\t|\n")
	a, b := r.Handoff, r.Bare
	row("webhooks acknowledged, under load", a.AcknowledgedPerSecond, b.AcknowledgedPerSecond, "/s")
	row("webhooks told to come back, under load", a.Refused, b.Refused, "")
	row("messages relayed, under load", a.RelayedPerSecond, b.RelayedPerSecond, "/s")
	row("webhook to vendor call, p50, under load", a.LoadedP50, b.LoadedP50, "ms")
	row("webhook to vendor call, p99, under load", a.LoadedP99, b.LoadedP99, "ms")
	row("webhook to vendor call, p50, one at a time", a.LatencyP50, b.LatencyP50, "ms")
	row("webhook to vendor call, p95, one at a time", a.LatencyP95, b.LatencyP95, "ms")
	row("webhook to vendor call, p99, one at a time", a.LatencyP99, b.LatencyP99, "ms")
	row("history events per message, one at a time", a.EventsLone, b.EventsLone, "")
	row("history events per message, in bursts of ten", a.EventsBurst, b.EventsBurst, "")
	row("history bytes per message, one at a time", a.BytesLone, b.BytesLone, "")
	row("history bytes per message, in bursts of ten", a.BytesBurst, b.BytesBurst, "")
	_ = w.Flush()
	_, _ = fmt.Fprintf(out, "\nstore %s; %s; %s; load average %s before, %s after\n", r.Store, r.Machine, r.Go, r.LoadBefore, r.LoadAfter)
}

// medians gives the median of each figure.
func medians(rounds []figures) figures {
	var m figures
	out := reflect.ValueOf(&m).Elem()
	for i := range out.NumField() {
		values := make([]float64, len(rounds))
		for j := range rounds {
			values[j] = reflect.ValueOf(rounds[j]).Field(i).Float()
		}
		slices.Sort(values)
		out.Field(i).SetFloat(values[len(values)/2])
	}
	return m
}

func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}

func machine() string {
	cpu := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				cpu = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	kernel, _ := exec.Command("uname", "-sr").Output()
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), cpu, strings.TrimSpace(string(kernel)))
}

func versions() map[string]string {
	v := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, d := range info.Deps {
		if d.Path == "go.temporal.io/sdk" || d.Path == "go.temporal.io/api" || d.Path == "github.com/labstack/echo/v4" {
			v[d.Path] = d.Version
		}
	}
	return v
}
