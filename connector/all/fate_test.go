package all_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

// fates sends a message of each kind to each vendor's fake and writes what became of it.
func fates(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`
## What becomes of a message

Each kind of message was sent through the real activities to the vendor's fake. What lost something on its way is counted
in the conversation (` + "`counts.degraded`" + `) and in ` + "`handoff_degraded_total`" + `.
`)
	other := subject(t, "memory")
	var names []string
	var columns [][]connectortest.Fate
	for _, c := range side(t, "channel") {
		names = append(names, c.Name())
		columns = append(columns, connectortest.FatesAtCustomer(t, subject(t, c.Name()), other))
	}
	b.WriteString(fateTable("to the customer", names, columns))
	names, columns = nil, nil
	for _, c := range side(t, "desk") {
		names = append(names, c.Name())
		columns = append(columns, connectortest.FatesAtAgents(t, other, subject(t, c.Name())))
	}
	b.WriteString(fateTable("to the agents", names, columns))
	return b.String()
}

func fateTable(where string, names []string, columns [][]connectortest.Fate) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "\n| %s | %s |\n|---|%s\n", where, strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for i, f := range columns[0] {
		b.WriteString("| " + f.Kind + " |")
		for _, column := range columns {
			b.WriteString(" " + column[i].Became + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}
