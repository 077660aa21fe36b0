package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc/codes"

	"github.com/handoff-engine/handoff/workflows"
)

const (
	// askWithin bounds one question to Temporal.
	askWithin = 5 * time.Second
	// The pause between two tries to reach Temporal grows from the one to the other.
	firstPause   = time.Second
	longestPause = 10 * time.Second
)

// temporal is a client and where it points to.
type temporal struct {
	client.Client
	address, namespace string
	// pause is the first pause between two tries.
	pause time.Duration
}

// dial makes a client from the TEMPORAL_ variables and profiles. It does not connect: the gateway answers, with 503,
// while Temporal cannot be reached.
func dial(logger *slog.Logger) (*temporal, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("reading Temporal's client settings (TEMPORAL_…): %w", err)
	}
	t := &temporal{address: options.HostPort, namespace: options.Namespace, pause: firstPause}
	if t.address == "" {
		t.address = client.DefaultHostPort
	}
	if t.namespace == "" {
		t.namespace = client.DefaultNamespace
	}
	options.Logger = sdklog.NewStructuredLogger(logger)
	t.Client, err = client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("making a client for Temporal at %s: %w", t.address, err)
	}
	return t, nil
}

// reach asks once whether Temporal is there and has the namespace.
func (t *temporal) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	_, err := t.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.namespace})
	return err
}

// wait returns once Temporal can be reached and has the namespace, however long that takes. What waiting cannot mend is
// an error.
func (t *temporal) wait(ctx context.Context, logger *slog.Logger) error {
	return t.waitOr(ctx, logger, func(context.Context) error {
		logger.Warn("temporal has no such namespace, trying again", "address", t.address, "namespace", t.namespace)
		return nil
	})
}

// waitOr is wait that calls absent each time that Temporal is there and the namespace is not.
func (t *temporal) waitOr(ctx context.Context, logger *slog.Logger, absent func(context.Context) error) error {
	for pause := t.pause; ; pause = min(2*pause, longestPause) {
		err := t.reach(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
			if err = absent(ctx); err != nil && !passing(err) {
				return err
			}
		}
		if refused(err) {
			return fmt.Errorf("temporal at %s refuses our credentials for the namespace %s: look at TEMPORAL_API_KEY or the TLS certificate: %w", t.address, t.namespace, err)
		}
		if err != nil {
			logger.Warn("temporal cannot be reached, trying again", "address", t.address, "namespace", t.namespace, "pause", pause, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// refused reports whether the server does not take our credentials, which waiting cannot mend.
func refused(err error) bool {
	code := serviceerror.ToStatus(err).Code()
	return code == codes.PermissionDenied || code == codes.Unauthenticated
}

// passing reports whether the same call may succeed a little later: the server starts, is busy, or does not know yet what
// it was told a moment ago.
func passing(err error) bool {
	code := serviceerror.ToStatus(err).Code()
	return slices.Contains([]codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.NotFound, codes.Aborted, codes.Internal}, code)
}

// missingAttributes lists the search attributes that the namespace lacks.
func (t *temporal) missingAttributes(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	have, err := t.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: t.namespace})
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(workflows.AttributeNames())) {
		if _, there := have.GetCustomAttributes()[name]; !there {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// prepare adds the search attributes that the namespace lacks. Where the server does not let us look, as in Temporal
// Cloud, whoever made the namespace has added them.
func (t *temporal) prepare(ctx context.Context, logger *slog.Logger) error {
	missing, err := t.missingAttributes(ctx)
	if err != nil {
		logger.Info("search attributes not looked at", "namespace", t.namespace, "error", err)
		return nil
	}
	if len(missing) == 0 {
		return nil
	}
	if err := t.addAttributes(ctx, logger, missing); err != nil {
		return fmt.Errorf("%w; add them yourself: %s", err, addByHand(t.namespace, missing))
	}
	return nil
}

// addAttributes adds search attributes to the namespace.
func (t *temporal) addAttributes(ctx context.Context, logger *slog.Logger, names []string) error {
	wanted := map[string]enumspb.IndexedValueType{}
	for _, name := range names {
		kind, err := enumspb.IndexedValueTypeFromString(workflows.AttributeNames()[name])
		if err != nil {
			return fmt.Errorf("naming the type of %s: %w", name, err)
		}
		wanted[name] = kind
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	_, err := t.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: t.namespace, SearchAttributes: wanted})
	if err != nil {
		return fmt.Errorf("adding search attributes to the namespace %s: %w", t.namespace, err)
	}
	logger.Info("search attributes added", "namespace", t.namespace, "names", names)
	return nil
}

// addByHand is the command that adds the attributes.
func addByHand(namespace string, names []string) string {
	words := []string{"temporal operator search-attribute create --namespace", namespace}
	for _, name := range names {
		words = append(words, "--name", name, "--type", workflows.AttributeNames()[name])
	}
	return strings.Join(words, " ")
}
