package embedded

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/handoff-engine/handoff/workflows"
)

// readyWithin is how long the server may take until it answers.
const readyWithin = 30 * time.Second

// searchAttributes are the names under which conversations are found.
func searchAttributes() map[string]enumspb.IndexedValueType {
	types := map[string]enumspb.IndexedValueType{}
	for name, kind := range workflows.AttributeNames() {
		types[name], _ = enumspb.IndexedValueTypeFromString(kind) // the names are constants of ours
	}
	return types
}

// prepareNamespace waits until the server answers and brings the namespace of an
// older file up to date: creating one leaves an existing one as it is.
func (s *Server) prepareNamespace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	conn, err := grpc.NewClient("passthrough:///"+s.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("reaching the Temporal server: %w", err)
	}
	defer conn.Close()
	if err := s.keepRetention(ctx, workflowservice.NewWorkflowServiceClient(conn)); err != nil {
		return err
	}
	return s.addSearchAttributes(ctx, operatorservice.NewOperatorServiceClient(conn))
}

// keepRetention sets the retention asked for where the namespace has another.
func (s *Server) keepRetention(ctx context.Context, api workflowservice.WorkflowServiceClient) error {
	var have *workflowservice.DescribeNamespaceResponse
	err := until(ctx, func() (err error) {
		have, err = api.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: s.cfg.Namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for the Temporal server: %w", err)
	}
	if have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() == s.cfg.Retention {
		return nil
	}
	_, err = api.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: s.cfg.Namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(s.cfg.Retention)},
	})
	if err != nil {
		return fmt.Errorf("setting the retention: %w", err)
	}
	return nil
}

// addSearchAttributes adds those that the namespace lacks.
func (s *Server) addSearchAttributes(ctx context.Context, api operatorservice.OperatorServiceClient) error {
	var have *operatorservice.ListSearchAttributesResponse
	err := until(ctx, func() (err error) {
		have, err = api.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: s.cfg.Namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the search attributes: %w", err)
	}
	missing := searchAttributes()
	for name := range have.GetCustomAttributes() {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = api.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: s.cfg.Namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("adding the search attributes: %w", err)
	}
	return nil
}

// until calls do again and again until it succeeds or ctx ends, and gives do's
// own last error then.
func until(ctx context.Context, do func() error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
