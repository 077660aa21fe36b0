package config

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/files"
)

const (
	// prefix begins the names of all settings.
	prefix = "HANDOFF"
	// longestLink bounds how long links to files work.
	longestLink = 90 * 24 * time.Hour
	// longestScan leaves time for fetching the file and for passing it on, within one attempt of an activity.
	longestScan = 25 * time.Second
)

// Settings are the settings of the process. Each is a variable named HANDOFF_ and the field's name in capitals, such as
// HANDOFF_PUBLIC_URL. Temporal's own client settings (TEMPORAL_ADDRESS and the rest) are not among them.
type Settings struct {
	// Config is the routes file.
	Config string `split_words:"true" default:"handoff.yaml" desc:"the file with the connections and the routes"`
	// Listen is where the gateway listens.
	Listen string `split_words:"true" default:"127.0.0.1:8080" desc:"where the gateway listens, host:port"`
	// MetricsListen is where metrics are served; empty means nowhere.
	MetricsListen string `split_words:"true" default:"127.0.0.1:9464" desc:"where the metrics are served, host:port; set but empty: nowhere"`
	// APIToken are the tokens that /v1 takes. Without one it answers on loopback only.
	APIToken connector.Secrets `split_words:"true" desc:"the token that /v1 takes, or file:/path; several, for rotation, with commas between them; without one /v1 answers on loopback only"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies Networks `split_words:"true" desc:"the networks of the proxies before the gateway, such as 10.0.0.0/8, with commas between them: their X-Forwarded-For is believed"`
	// PublicURL is our own public base address, without a slash at its end.
	PublicURL string `split_words:"true" desc:"our own public base address, such as https://handoff.example.com: for webhook subscriptions and links to files"`
	// FilesSecret are the secrets that links to files are sealed with.
	FilesSecret connector.Secrets `split_words:"true" desc:"what links to files are sealed with, at least 16 characters, or file:/path; several, for rotation, with commas between them; the same for gateway and worker (default HANDOFF_API_TOKEN; without either, people get the vendors' own addresses)"`
	// FilesLifetime is how long links to files work.
	FilesLifetime time.Duration `split_words:"true" default:"168h" desc:"how long links to files work"`
	// FilesDir is where files are kept while they are scanned or served.
	FilesDir string `split_words:"true" desc:"the directory where files are kept while they are scanned or served (default the system's for temporary files)"`
	// ScanURL is where a virus scanner listens.
	ScanURL string `split_words:"true" desc:"the address of a virus scanner: each file is posted to it, and passed on if it answers 200 or 204, and refused if it answers 406; without one nothing is scanned"`
	// ScanTimeout bounds one scan.
	ScanTimeout time.Duration `split_words:"true" default:"15s" desc:"how long the virus scanner may take for a file"`
	// ScanPassUnscanned lets files through while the scanner does not answer.
	ScanPassUnscanned bool `split_words:"true" default:"false" desc:"true passes files on while the virus scanner does not answer; false lets them wait, and refuses them after two minutes"`
	// TaskQueue is the Temporal task queue.
	TaskQueue string `split_words:"true" default:"handoff" desc:"the Temporal task queue; the queues of connections with a rate limit begin with it"`
	// LogLevel is the least that is logged.
	LogLevel slog.Level `split_words:"true" default:"INFO" desc:"the least that is logged: DEBUG, INFO, WARN or ERROR"`
	// LogFormat is text or json.
	LogFormat string `split_words:"true" default:"text" desc:"how it is logged: text or json"`
	// ShutdownGrace is how long requests under way may take to finish when the process is asked to stop.
	ShutdownGrace time.Duration `split_words:"true" default:"10s" desc:"how long requests under way may take to finish when the process is asked to stop; activities have 20s"`
}

// Networks are IP networks.
type Networks []*net.IPNet

// Decode reads networks with commas between them. It is called by envconfig.
func (n *Networks) Decode(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		_, network, err := net.ParseCIDR(part)
		if err != nil {
			return err
		}
		*n = append(*n, network)
	}
	return nil
}

// ReadSettings reads the settings from the process's environment. Environ lists its variables, as os.Environ does: those
// that begin like settings and are none are refused. The error is of type Mistakes and names every variable that is
// wrong; it never holds a value.
func ReadSettings(environ []string) (Settings, error) {
	var settings Settings
	var mistakes Mistakes
	v := reflect.ValueOf(&settings).Elem()
	// One field at a time: envconfig stops at the first mistake, people want to see all of them.
	for f := range v.Type().Fields() {
		one := reflect.New(reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}}))
		if err := envconfig.Process(prefix, one.Interface()); err != nil {
			mistakes = append(mistakes, misread(err, f))
			continue
		}
		v.FieldByIndex(f.Index).Set(one.Elem().Field(0))
	}
	mistakes = append(mistakes, settings.complete(mistakes)...)
	mistakes = append(mistakes, disallowed(environ)...)
	if len(mistakes) > 0 {
		return Settings{}, mistakes
	}
	return settings, nil
}

// misread names the variable without its value, which envconfig's own error prints.
func misread(err error, f reflect.StructField) Mistake {
	var parse *envconfig.ParseError
	if !errors.As(err, &parse) {
		return Mistake{Key: prefix + "_" + f.Name, Text: "cannot be read."}
	}
	hint := "Write " + f.Tag.Get("desc") + "."
	if isA[Networks](f.Type) {
		hint = "Write networks such as 10.0.0.0/8 or 192.168.1.2/32, with commas between them."
	}
	if isDuration(f.Type) {
		hint = "Write a duration such as 10s or 2m."
	}
	if f.Type.Kind() == reflect.Bool {
		hint = "Write true or false."
	}
	return Mistake{Key: parse.KeyName, Text: "is not understood. " + hint}
}

// disallowed names the variables with the prefix that are no settings: what envconfig.CheckDisallowed does, for all of
// them at once.
func disallowed(environ []string) Mistakes {
	var known []string
	for _, variable := range Variables() {
		known = append(known, variable.Name)
	}
	var mistakes Mistakes
	for _, assignment := range environ {
		name, _, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(name, prefix+"_") || slices.Contains(known, name) {
			continue
		}
		mistakes = append(mistakes, Mistake{
			Key:  name,
			Text: "is no setting." + didYouMean(name, known) + " Remove it; variables of your own, for handoff.yaml, need another beginning than HANDOFF_.",
		})
	}
	slices.SortFunc(mistakes, func(a, b Mistake) int { return strings.Compare(a.Key, b.Key) })
	return mistakes
}

// complete checks the settings and fetches secrets from their files. Those that already have a mistake are left out.
func (s *Settings) complete(already Mistakes) Mistakes {
	var mistakes Mistakes
	check := func(name string, bad bool, format string, args ...any) {
		known := slices.ContainsFunc(already, func(m Mistake) bool { return m.Key == name })
		if bad && !known {
			mistakes = append(mistakes, Mistake{Key: name, Text: fmt.Sprintf(format, args...)})
		}
	}
	for i, token := range s.APIToken {
		text := strings.TrimSpace(token.Reveal())
		secret, err := readSecret(text, text)
		check("HANDOFF_API_TOKEN", err != nil, "%v.", err)
		check("HANDOFF_API_TOKEN", err == nil && secret == "", "holds an empty token. Write one, or remove the variable.")
		s.APIToken[i] = secret
	}
	for i, one := range s.FilesSecret {
		text := strings.TrimSpace(one.Reveal())
		secret, err := readSecret(text, text)
		check("HANDOFF_FILES_SECRET", err != nil, "%v.", err)
		check("HANDOFF_FILES_SECRET", err == nil && len(secret) < files.MinSecret, "is too short. Write at least %d characters, such as openssl rand -hex 24 gives.", files.MinSecret)
		s.FilesSecret[i] = secret
	}
	check("HANDOFF_FILES_LIFETIME", s.FilesLifetime < time.Hour || s.FilesLifetime > longestLink, "is not possible. Write a duration between 1h and %s.", Short(longestLink))
	check("HANDOFF_SCAN_URL", s.ScanURL != "" && !isBase(s.ScanURL), "is no address. Write one such as http://127.0.0.1:9000/scan, without ? and #.")
	check("HANDOFF_SCAN_TIMEOUT", s.ScanTimeout <= 0 || s.ScanTimeout > longestScan, "is not possible. Write a duration between 1s and %s.", Short(longestScan))
	check("HANDOFF_CONFIG", s.Config == "", "is empty. Write the path of the file, such as handoff.yaml.")
	check("HANDOFF_TASK_QUEUE", s.TaskQueue == "", "is empty. Write a name, such as handoff.")
	check("HANDOFF_LISTEN", !isAddress(s.Listen), "is no address. Write host:port, such as 127.0.0.1:8080.")
	check("HANDOFF_METRICS_LISTEN", s.MetricsListen != "" && !isAddress(s.MetricsListen), "is no address. Write host:port, such as 127.0.0.1:9464, or nothing.")
	check("HANDOFF_LOG_FORMAT", s.LogFormat != "text" && s.LogFormat != "json", "is neither text nor json. Write one of them.")
	check("HANDOFF_SHUTDOWN_GRACE", s.ShutdownGrace < 0 || s.ShutdownGrace > time.Hour, "is not possible. Write a duration between 0s and 1h.")
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	check("HANDOFF_PUBLIC_URL", s.PublicURL != "" && !isBase(s.PublicURL), "is no base address. Write one such as https://handoff.example.com, without ? and #.")
	return mistakes
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isBase(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// Variable is one setting as the documentation has it.
type Variable struct {
	// Name is the variable's, such as HANDOFF_LISTEN.
	Name string
	// Default is what it is where it is not set.
	Default string
	// Doc says what it is for.
	Doc string
}

// Variables lists the settings in the order of the documentation.
func Variables() []Variable {
	// The names are envconfig's own, so that what is documented is what is read.
	const each = "{{range .}}{{usage_key .}}\t{{usage_default .}}\t{{usage_description .}}\n{{end}}"
	var out bytes.Buffer
	if err := envconfig.Usagef(prefix, &Settings{}, &out, each); err != nil {
		panic(fmt.Sprintf("config: listing the settings: %v", err))
	}
	var all []Variable
	for line := range strings.Lines(out.String()) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Variable{Name: columns[0], Default: columns[1], Doc: columns[2]})
	}
	return all
}
