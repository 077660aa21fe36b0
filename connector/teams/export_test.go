package teams

import (
	"encoding/json"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// NewWithKeys makes a connection that has loaded a key set already, and loads none by itself at the start.
func NewWithKeys(config Config, deps connector.Deps, loaded time.Time, keySets ...[]byte) (*Client, error) {
	c, err := newClient(config, deps)
	if err != nil {
		return nil, err
	}
	byID := map[string]signingKey{}
	for _, raw := range keySets {
		var set struct {
			Keys []jwk `json:"keys"`
		}
		if err := json.Unmarshal(raw, &set); err != nil {
			return nil, err
		}
		for _, j := range set.Keys {
			byID[j.ID] = signingKey{public: j.public(), endorsements: j.Endorsements}
		}
	}
	c.keys.snapshot.Store(&keySet{byID: byID, loaded: loaded})
	return c, nil
}

// WithGraph lets a connection read its threads.
func WithGraph(c *Client, deps connector.Deps) *Reader { return newReader(c, deps) }
