package teams_test

import (
	"errors"
	"testing"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// subject is given the keys: most cases open a connection that may call nobody, and so loads none.
func subject() connectortest.Subject {
	return subjects.TeamsWith(func(c teams.Config, o connectortest.Options) (connector.Connector, error) {
		var sets [][]byte
		for _, s := range o.WebhookSecrets {
			if s != "" {
				sets = append(sets, vendor.KeySet([]string{"msteams"}, subjects.TeamsKey(s)))
			}
		}
		if len(sets) == 0 {
			return nil, errors.New("there is no setting to forget: the keys are Microsoft's")
		}
		client, err := teams.NewWithKeys(c, o.Deps, at, sets...)
		if err != nil {
			return nil, err
		}
		return teams.WithGraph(client, o.Deps), nil
	})
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

// FuzzDecode does without signatures: Decode looks at none, and RSA would take all the time.
func FuzzDecode(f *testing.F) {
	s := subject()
	s.Auth.Sign = nil
	s.Open = func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return teams.NewWithKeys(subjects.TeamsConfig(o.URL), o.Deps, at)
	}
	connectortest.FuzzDecode(f, s)
}
