package embedded

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	storeName   = "sqlite-default"
	// pollRPS lifts the history queues' default of 20 polls a second, which makes
	// back-to-back messages wait up to 50 ms at each hop on a single shard.
	pollRPS = 1000
)

// serverOptions describes a server of all four services on loopback.
func serverOptions(cfg Config, store *config.SQL, logger serverLogger) ([]temporal.ServerOption, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	conf := serverConfig(cfg, store, ports)
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, service := range conf.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(address(service.RPC.GRPCPort))
	}
	authorizer, err := authorization.GetAuthorizerFromConfig(&conf.Global.Authorization)
	if err != nil {
		return nil, fmt.Errorf("preparing the Temporal server: %w", err)
	}
	claims, err := authorization.GetClaimMapperFromConfig(&conf.Global.Authorization, logger)
	if err != nil {
		return nil, fmt.Errorf("preparing the Temporal server: %w", err)
	}
	options := []temporal.ServerOption{
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(settings(cfg)),
	}
	if len(cfg.Interceptors) > 0 {
		options = append(options, temporal.WithChainedFrontendGrpcInterceptors(cfg.Interceptors...))
	}
	return options, nil
}

// settings are the server's dynamic settings that differ from its defaults,
// which are made for clusters.
func settings(cfg Config) dynamicconfig.StaticClient {
	values := dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   pollRPS,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      pollRPS,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): pollRPS,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():  8096,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():     10000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():      45000,
		// The web UI lists and counts several times per page.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// An attribute added at start-up is usable at once.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	}
	if cfg.ContinueAsNewAfter > 0 {
		values[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = cfg.ContinueAsNewAfter
	}
	return values
}

func serverConfig(cfg Config, store *config.SQL, ports []int) *config.Config {
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: store, FaultInjection: cfg.Faults}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             address(cfg.Port),
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: address(cfg.Port)},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(cfg.Port),
			string(primitives.HistoryService):  service(ports[0]),
			string(primitives.MatchingService): service(ports[1]),
			string(primitives.WorkerService):   service(ports[2]),
		},
	}
	conf.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: Host}
	conf.Archival.History.State = config.ArchivalDisabled
	conf.Archival.Visibility.State = config.ArchivalDisabled
	conf.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	conf.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	return conf
}

func service(port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: Host}}
}
