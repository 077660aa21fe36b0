package connector_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

// settings is a vendor's configuration.
type settings struct {
	Host string
	Port int
}

func (s *settings) SetDefaults() { s.Port = 80 }

func (s *settings) Validate() error {
	if s.Host == "" {
		return errors.New("host: write a name")
	}
	return nil
}

// acme is a connector that does nothing but keep its configuration.
type acme struct {
	connector.Connector
	settings settings
	deps     connector.Deps
}

func factory(name string) connector.Factory {
	return connector.NewFactory(name, "ACME", func(s settings, deps connector.Deps) (connector.Connector, error) {
		return acme{settings: s, deps: deps}, nil
	})
}

func TestAFactoryDecodesOverTheDefaultsAndValidates(t *testing.T) {
	f := factory("acme")
	require.Equal(t, reflect.TypeFor[settings](), f.Config)
	c, err := f.Open(func(target any) error {
		s, ok := target.(*settings)
		require.True(t, ok)
		s.Host = "acme.example"
		return nil
	}, connector.Deps{Connection: "acme-shop"})
	require.NoError(t, err)
	opened, ok := c.(acme)
	require.True(t, ok)
	require.Equal(t, settings{Host: "acme.example", Port: 80}, opened.settings)
	require.Equal(t, "acme-shop", opened.deps.Connection)
	require.NotNil(t, opened.deps.Logger)

	_, err = f.Open(func(any) error { return nil }, connector.Deps{})
	require.EqualError(t, err, "host: write a name")
	broken := errors.New("line 4: no such key")
	_, err = f.Open(func(any) error { return broken }, connector.Deps{})
	require.ErrorIs(t, err, broken)
}

func TestARegistryKnowsItsVendorsByName(t *testing.T) {
	r := connector.NewRegistry(factory("zeta"), factory("alpha"))
	var names []string
	for _, f := range r.Factories() {
		names = append(names, f.Vendor)
	}
	require.Equal(t, []string{"alpha", "zeta"}, names)
	f, ok := r.Lookup("zeta")
	require.True(t, ok)
	require.Equal(t, "zeta", f.Vendor)
	_, ok = r.Lookup("beta")
	require.False(t, ok)
	require.Panics(t, func() { connector.NewRegistry(factory("zeta"), factory("zeta")) })
}
