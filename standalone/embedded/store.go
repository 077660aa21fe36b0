package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives/timestamp"
	"go.temporal.io/server/schema/sqlite"
)

const (
	storeFile = "temporal.sqlite"
	stampFile = "temporal.sqlite.version"
)

// A stamp beside the file says which schema it has. The server creates a schema
// only in a new file and promises nothing about a file of another version.
type stamp struct {
	Schema     string `json:"schema"`
	Visibility string `json:"visibility"`
	Server     string `json:"server"` // who made the file, to be told to a person
}

func currentStamp() stamp {
	return stamp{Schema: sqlite.Version, Visibility: sqlite.VisibilityVersion, Server: headers.ServerVersion}
}

// A VersionError tells that the file in the data directory was made by a server
// with another schema.
type VersionError struct {
	File      string
	Have      string
	Want      string
	MadeBy    string
	ThisIs    string
	Unstamped bool
}

// Error is a sentence for the person at the terminal.
func (e *VersionError) Error() string {
	if e.Unstamped {
		return fmt.Sprintf("%s carries no schema version, so it cannot be opened safely: move it away, or choose another directory with --data-dir=<dir>", e.File)
	}
	return fmt.Sprintf("%s has schema %s of Temporal %s, but this program has Temporal %s with schema %s: open it with the program that made it, move it away, or choose another directory with --data-dir=<dir>",
		e.File, e.Have, e.MadeBy, e.ThisIs, e.Want)
}

// prepareStore gives the connection to a store that has the schema and the
// namespace.
func prepareStore(cfg Config) (*config.SQL, error) {
	store := &config.SQL{PluginName: sqliteplugin.PluginName}
	if cfg.InMemory {
		store.DatabaseName = "handoff-" + strconv.FormatUint(rand.Uint64(), 36)
		store.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
	} else {
		store.DatabaseName = filepath.Join(cfg.DataDir, storeFile)
		store.ConnectAttributes = pragmas(cfg.Sync)
		if err := prepareFile(store); err != nil {
			return nil, err
		}
	}
	namespace, err := sqlite.NewNamespaceConfig(clusterName, cfg.Namespace, false, searchAttributes())
	if err != nil {
		return nil, fmt.Errorf("describing the namespace: %w", err)
	}
	namespace.Detail.Config.Retention = timestamp.DurationPtr(cfg.Retention)
	if err := sqlite.CreateNamespaces(store, namespace); err != nil {
		return nil, fmt.Errorf("creating the namespace: %w", err)
	}
	return store, nil
}

// pragmas: the write-ahead log doubles the throughput of the rollback journal
// with the same promise.
func pragmas(sync Sync) map[string]string {
	level := "2"
	if sync == SyncNormal {
		level = "1"
	}
	return map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": level, "busy_timeout": "10000"}
}

// prepareFile creates the file, or checks that an existing one fits.
func prepareFile(store *config.SQL) error {
	file := store.DatabaseName
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return createFile(store)
	}
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	return checkStamp(file)
}

// createFile makes the schema under another name and renames it when whole, so
// that a process killed meanwhile leaves no half-made store behind.
func createFile(store *config.SQL) error {
	file := store.DatabaseName
	draft := *store
	draft.DatabaseName = file + ".new"
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(draft.DatabaseName + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a half-made store: %w", err)
		}
	}
	// A draft is thrown away when incomplete, so it need not be synced statement
	// by statement: that alone costs a second on a slow disk.
	draft.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "memory", "synchronous": "0"}
	if err := sqlite.SetupSchema(&draft); err != nil {
		return fmt.Errorf("creating the store: %w", err)
	}
	if err := syncFile(draft.DatabaseName); err != nil {
		return fmt.Errorf("creating the store: %w", err)
	}
	if err := writeStamp(file); err != nil {
		return fmt.Errorf("creating the store: %w", err)
	}
	if err := os.Rename(draft.DatabaseName, file); err != nil {
		return fmt.Errorf("creating the store: %w", err)
	}
	return nil
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func stampOf(file string) string { return filepath.Join(filepath.Dir(file), stampFile) }

func writeStamp(file string) error {
	b, err := json.Marshal(currentStamp())
	if err != nil {
		return err
	}
	return os.WriteFile(stampOf(file), append(b, '\n'), 0o600)
}

func checkStamp(file string) error {
	b, err := os.ReadFile(stampOf(file))
	if errors.Is(err, fs.ErrNotExist) {
		return &VersionError{File: file, Unstamped: true}
	}
	if err != nil {
		return fmt.Errorf("reading the store's version: %w", err)
	}
	var have stamp
	if err := json.Unmarshal(b, &have); err != nil {
		return &VersionError{File: file, Unstamped: true}
	}
	want := currentStamp()
	if have.Schema != want.Schema || have.Visibility != want.Visibility {
		return &VersionError{
			File: file, Have: have.Schema + "/" + have.Visibility, Want: want.Schema + "/" + want.Visibility,
			MadeBy: have.Server, ThisIs: want.Server,
		}
	}
	return nil
}
