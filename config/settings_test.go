package config_test

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
)

func TestSettingsHaveDefaultsThatListenOnLoopbackOnly(t *testing.T) {
	settings, err := config.ReadSettings(os.Environ())
	require.NoError(t, err)
	require.Equal(t, config.Settings{
		Config: "handoff.yaml", Listen: "127.0.0.1:8080", MetricsListen: "127.0.0.1:9464", TaskQueue: "handoff",
		FilesLifetime: 7 * 24 * time.Hour, ScanTimeout: 15 * time.Second,
		LogLevel: slog.LevelInfo, LogFormat: "text", ShutdownGrace: 10 * time.Second,
	}, settings)
}

func TestSettingsAreReadFromTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("of-the-file\n"), 0o600))
	for name, value := range map[string]string{
		"HANDOFF_CONFIG": "/etc/handoff.yaml", "HANDOFF_LISTEN": "127.0.0.1:0", "HANDOFF_METRICS_LISTEN": "",
		"HANDOFF_API_TOKEN": "new, file:" + file, "HANDOFF_PUBLIC_URL": "https://handoff.example.com/", "HANDOFF_TASK_QUEUE": "blue",
		"HANDOFF_LOG_LEVEL": "debug", "HANDOFF_LOG_FORMAT": "json", "HANDOFF_SHUTDOWN_GRACE": "2m",
		"HANDOFF_FILES_SECRET": "0123456789abcdef,fedcba9876543210", "HANDOFF_FILES_LIFETIME": "24h", "HANDOFF_FILES_DIR": "/var/spool",
		"HANDOFF_SCAN_URL": "http://127.0.0.1:9000/scan", "HANDOFF_SCAN_TIMEOUT": "5s", "HANDOFF_SCAN_PASS_UNSCANNED": "true",
		"HANDOFF_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.1.2/32",
		// Names without the prefix are somebody else's.
		"LISTEN": "0.0.0.0:1", "CONFIG": "elsewhere",
	} {
		t.Setenv(name, value)
	}
	settings, err := config.ReadSettings(os.Environ())
	require.NoError(t, err)
	require.Equal(t, config.Settings{
		Config: "/etc/handoff.yaml", Listen: "127.0.0.1:0", APIToken: connector.Secrets{"new", "of-the-file"},
		TrustedProxies: config.Networks{
			{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}, {IP: net.IP{192, 168, 1, 2}, Mask: net.CIDRMask(32, 32)},
		},
		FilesSecret: connector.Secrets{"0123456789abcdef", "fedcba9876543210"}, FilesLifetime: 24 * time.Hour, FilesDir: "/var/spool",
		ScanURL: "http://127.0.0.1:9000/scan", ScanTimeout: 5 * time.Second, ScanPassUnscanned: true,
		PublicURL: "https://handoff.example.com", TaskQueue: "blue", LogLevel: slog.LevelDebug, LogFormat: "json",
		ShutdownGrace: 2 * time.Minute,
	}, settings)
}

func TestEveryWrongSettingIsNamedAtOnceWithoutItsValue(t *testing.T) {
	for name, value := range map[string]string{
		"HANDOFF_CONFIG": "", "HANDOFF_LISTEN": "secret-listen", "HANDOFF_METRICS_LISTEN": "secret:metrics",
		"HANDOFF_API_TOKEN": "secret-token,,file:no-such-file", "HANDOFF_PUBLIC_URL": "secret.example.com", "HANDOFF_TASK_QUEUE": "",
		"HANDOFF_LOG_LEVEL": "secret-level", "HANDOFF_LOG_FORMAT": "secret-format", "HANDOFF_SHUTDOWN_GRACE": "secret-grace",
		"HANDOFF_FILES_SECRET": "secret-short", "HANDOFF_FILES_LIFETIME": "1m", "HANDOFF_SCAN_URL": "secret-scanner", "HANDOFF_SCAN_TIMEOUT": "0s",
		"HANDOFF_SCAN_PASS_UNSCANNED": "secret-perhaps", "HANDOFF_TRUSTED_PROXIES": "secret-network",
		"HANDOFF_LISTN": "secret-address", "HANDOFF_ZEBRA": "secret-animal",
	} {
		t.Setenv(name, value)
	}
	_, err := config.ReadSettings(os.Environ())
	require.EqualError(t, err, `HANDOFF_TRUSTED_PROXIES: is not understood. Write networks such as 10.0.0.0/8 or 192.168.1.2/32, with commas between them.
HANDOFF_SCAN_PASS_UNSCANNED: is not understood. Write true or false.
HANDOFF_LOG_LEVEL: is not understood. Write the least that is logged: DEBUG, INFO, WARN or ERROR.
HANDOFF_SHUTDOWN_GRACE: is not understood. Write a duration such as 10s or 2m.
HANDOFF_API_TOKEN: holds an empty token. Write one, or remove the variable.
HANDOFF_API_TOKEN: the file no-such-file cannot be read: no such file or directory. Make it readable, or name another.
HANDOFF_FILES_SECRET: is too short. Write at least 16 characters, such as openssl rand -hex 24 gives.
HANDOFF_FILES_LIFETIME: is not possible. Write a duration between 1h and 2160h.
HANDOFF_SCAN_URL: is no address. Write one such as http://127.0.0.1:9000/scan, without ? and #.
HANDOFF_SCAN_TIMEOUT: is not possible. Write a duration between 1s and 25s.
HANDOFF_CONFIG: is empty. Write the path of the file, such as handoff.yaml.
HANDOFF_TASK_QUEUE: is empty. Write a name, such as handoff.
HANDOFF_LISTEN: is no address. Write host:port, such as 127.0.0.1:8080.
HANDOFF_METRICS_LISTEN: is no address. Write host:port, such as 127.0.0.1:9464, or nothing.
HANDOFF_LOG_FORMAT: is neither text nor json. Write one of them.
HANDOFF_PUBLIC_URL: is no base address. Write one such as https://handoff.example.com, without ? and #.
HANDOFF_LISTN: is no setting. Did you mean "HANDOFF_LISTEN"? Remove it; variables of your own, for handoff.yaml, need another beginning than HANDOFF_.
HANDOFF_ZEBRA: is no setting. Remove it; variables of your own, for handoff.yaml, need another beginning than HANDOFF_.`)
}

func TestADurationOutOfReasonIsRefused(t *testing.T) {
	t.Setenv("HANDOFF_SHUTDOWN_GRACE", "2h")
	_, err := config.ReadSettings(os.Environ())
	require.EqualError(t, err, "HANDOFF_SHUTDOWN_GRACE: is not possible. Write a duration between 0s and 1h.")
}

func TestAnEmptyAPITokenIsNoToken(t *testing.T) {
	t.Setenv("HANDOFF_API_TOKEN", "")
	settings, err := config.ReadSettings(os.Environ())
	require.NoError(t, err)
	require.Empty(t, settings.APIToken)
}

func TestVariablesListsWhatIsRead(t *testing.T) {
	all := config.Variables()
	require.Equal(t, config.Variable{Name: "HANDOFF_CONFIG", Default: "handoff.yaml", Doc: "the file with the connections and the routes"}, all[0])
	names := make([]string, 0, len(all))
	for _, v := range all {
		require.NotEmpty(t, v.Doc, v.Name)
		names = append(names, v.Name)
	}
	require.Equal(t, []string{
		"HANDOFF_CONFIG", "HANDOFF_LISTEN", "HANDOFF_METRICS_LISTEN", "HANDOFF_API_TOKEN", "HANDOFF_TRUSTED_PROXIES", "HANDOFF_PUBLIC_URL",
		"HANDOFF_FILES_SECRET", "HANDOFF_FILES_LIFETIME", "HANDOFF_FILES_DIR", "HANDOFF_SCAN_URL", "HANDOFF_SCAN_TIMEOUT", "HANDOFF_SCAN_PASS_UNSCANNED",
		"HANDOFF_TASK_QUEUE", "HANDOFF_LOG_LEVEL", "HANDOFF_LOG_FORMAT", "HANDOFF_SHUTDOWN_GRACE",
	}, names)
}
