package config

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/files"
)

// Links makes the links to files that the settings ask for. It is nil without a public address, and without a secret
// that all processes and their restarts share.
func (s Settings) Links() (*files.Links, error) {
	secrets := s.FilesSecret
	if len(secrets) == 0 {
		secrets = s.apiSecrets()
	}
	if s.PublicURL == "" || len(secrets) == 0 {
		return nil, nil //nolint:nilnil // there are none, and that is no mistake
	}
	return files.NewLinks(s.PublicURL, secrets, s.FilesLifetime)
}

// apiSecrets are the operator's tokens that are long enough to seal something with. A link tells nothing of them, but a
// short one could be guessed from it.
func (s Settings) apiSecrets() (secrets connector.Secrets) {
	for _, token := range s.APIToken {
		if len(token) >= files.MinSecret {
			secrets = append(secrets, token)
		}
	}
	return secrets
}

// Files makes what opens attachments, for the gateway and the worker of one process.
func (l *Loaded) Files(s Settings, metrics *prometheus.Registry) (*files.Opener, error) {
	links, err := s.Links()
	if err != nil {
		return nil, err
	}
	c := files.Config{
		Sources: make(map[string]files.Source, len(l.Connections)), Links: links, PassUnscanned: s.ScanPassUnscanned,
		Dir: s.FilesDir, Metrics: files.NewMetrics(metrics),
	}
	for _, x := range l.Connections {
		c.Sources[x.Name] = files.Source{Connector: x.Connector, AllowHosts: x.AllowHosts, Rules: x.FileRules}
	}
	if s.ScanURL != "" {
		c.Scanner = files.NewHTTPScanner(s.ScanURL, s.ScanTimeout)
	}
	return files.NewOpener(c), nil
}
