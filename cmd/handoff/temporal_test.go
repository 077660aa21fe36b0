package main

import (
	"context"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/handoff-engine/handoff/workflows"
)

// server stands for a Temporal server with one empty namespace. It is up, down, or refuses, as it is told.
type server struct {
	workflowservice.UnimplementedWorkflowServiceServer
	address string
	// calls counts the calls of any kind, polled those of workers.
	calls, polled atomic.Int64

	mu         sync.Mutex
	err        error
	attributes map[string]enumspb.IndexedValueType
	// absent says that there is no namespace, and unknown how many more times its attributes are not found, as right after
	// it was made. Made are the retentions with which it was made.
	absent  bool
	unknown int
	made    []time.Duration
	// asked are the questions to visibility; the first comes too early.
	asked []string
}

// operator is the server's other service.
type operator struct {
	operatorservice.UnimplementedOperatorServiceServer
	*server
}

func startTemporal(t *testing.T) *server {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{address: listener.Addr().String(), attributes: map[string]enumspb.IndexedValueType{}}
	g := grpc.NewServer(grpc.UnaryInterceptor(s.intercept))
	workflowservice.RegisterWorkflowServiceServer(g, s)
	operatorservice.RegisterOperatorServiceServer(g, operator{server: s})
	well := health.NewServer()
	well.SetServingStatus(workflowservice.WorkflowService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(g, well)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	return s
}

// answer makes every call fail with err; nil makes the server well.
func (s *server) answer(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *server) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.calls.Add(1)
	s.mu.Lock()
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return handle(ctx, req)
}

func (s *server) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (s *server) DescribeNamespace(_ context.Context, req *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent {
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound(req.GetNamespace())).Err()
	}
	return &workflowservice.DescribeNamespaceResponse{}, nil
}

// DescribeWorkflowExecution knows no conversation.
func (s *server) DescribeWorkflowExecution(
	_ context.Context, req *workflowservice.DescribeWorkflowExecutionRequest,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent {
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound(req.GetNamespace())).Err()
	}
	return nil, serviceerror.ToStatus(serviceerror.NewNotFound("workflow not found")).Err()
}

func (s *server) RegisterNamespace(_ context.Context, req *workflowservice.RegisterNamespaceRequest) (*workflowservice.RegisterNamespaceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := req.GetWorkflowExecutionRetentionPeriod().AsDuration()
	if keep < 24*time.Hour {
		return nil, status.Error(codes.InvalidArgument, "too short")
	}
	s.absent, s.unknown, s.made = false, 2, append(s.made, keep)
	return &workflowservice.RegisterNamespaceResponse{}, nil
}

func (s *server) CountWorkflowExecutions(_ context.Context, req *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, req.GetQuery())
	if len(s.asked) == 1 {
		return nil, status.Error(codes.InvalidArgument, "no mapping defined for search attribute HandoffState")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

func (s *server) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	s.polled.Add(1)
	<-ctx.Done()
	return nil, status.FromContextError(ctx.Err()).Err()
}

func (s *server) PollActivityTaskQueue(ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	s.polled.Add(1)
	<-ctx.Done()
	return nil, status.FromContextError(ctx.Err()).Err()
}

func (s *server) SignalWithStartWorkflowExecution(context.Context, *workflowservice.SignalWithStartWorkflowExecutionRequest) (*workflowservice.SignalWithStartWorkflowExecutionResponse, error) {
	return &workflowservice.SignalWithStartWorkflowExecutionResponse{RunId: "run", Started: true}, nil
}

func (o operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unknown > 0 {
		o.unknown--
		return nil, status.Error(codes.NotFound, "not known yet")
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: o.attributes}, nil
}

func (o operator) AddSearchAttributes(_ context.Context, req *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, full := o.attributes["Full"]; full {
		return nil, status.Error(codes.InvalidArgument, "no room")
	}
	maps.Copy(o.attributes, req.GetSearchAttributes())
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

// known copies the attributes that the server has.
func (s *server) known() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for name, kind := range s.attributes {
		all[name] = kind.String()
	}
	return all
}

func TestTheWorkerAddsTheSearchAttributesThatAreMissing(t *testing.T) {
	s := startTemporal(t)
	s.attributes["HandoffState"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	client, err := dial(discard())
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.prepare(t.Context(), discard()))
	require.Equal(t, workflows.AttributeNames(), s.known())
}

func TestSearchAttributesThatCannotBeAddedAreToldWithTheCommand(t *testing.T) {
	s := startTemporal(t)
	for name := range workflows.AttributeNames() {
		s.attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	delete(s.attributes, "HandoffSince")
	s.attributes["Full"] = enumspb.INDEXED_VALUE_TYPE_INT
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	t.Setenv("TEMPORAL_NAMESPACE", "shop")
	client, err := dial(discard())
	require.NoError(t, err)
	defer client.Close()
	require.EqualError(t, client.prepare(t.Context(), discard()), "adding search attributes to the namespace shop: no room; "+
		"add them yourself: temporal operator search-attribute create --namespace shop --name HandoffSince --type Datetime")
}

func TestWaitingForTemporalEndsWhereWaitingCannotHelp(t *testing.T) {
	s := startTemporal(t)
	s.answer(status.Error(codes.Unauthenticated, "who are you"))
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	client, err := dial(discard())
	require.NoError(t, err)
	defer client.Close()
	require.ErrorContains(t, client.wait(t.Context(), discard()), "refuses our credentials for the namespace default: look at TEMPORAL_API_KEY or the TLS certificate")
}

func TestWaitingForTemporalEndsWithTheProgram(t *testing.T) {
	s := startTemporal(t)
	s.answer(status.Error(codes.Unavailable, "down"))
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	client, err := dial(discard())
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, client.wait(ctx, discard()), context.Canceled)
}

func TestABrokenTemporalSettingIsNamed(t *testing.T) {
	t.Setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", "no-such-file")
	_, err := dial(discard())
	require.ErrorContains(t, err, "reading Temporal's client settings (TEMPORAL_…)")
}
