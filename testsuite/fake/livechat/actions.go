package livechat

// actions are the methods of the three APIs that a connector may use.
func (s *Server) actions() map[string]action {
	var (
		chats      = []string{"chats--all:rw", "chats--access:rw"}
		readChats  = []string{"chats--all:ro", "chats--all:rw", "chats--access:ro", "chats--access:rw"}
		hooks      = []string{"webhooks.configuration:rw"}
		hookState  = []string{"webhooks.state:rw"}
		groups     = []string{"groups--all:ro", "groups--all:rw", "groups--my:ro"}
		properties = []string{"properties.configuration:rw"}
	)
	return map[string]action{
		"customer/start_chat":          {run: startChat},
		"customer/resume_chat":         {run: resumeChat},
		"customer/send_event":          {run: customerSendEvent},
		"customer/upload_file":         {run: uploadFile},
		"customer/update_customer":     {run: updateCustomer},
		"customer/list_chats":          {run: customerListChats},
		"customer/deactivate_chat":     {run: customerDeactivateChat},
		"customer/send_sneak_peek":     {run: sendSneakPeek},
		"customer/list_group_statuses": {run: listGroupStatuses},
		"customer/mark_events_as_seen": {run: customerMarksSeen},

		"customer/update_thread_properties": {run: customerUpdatesThread},

		"agent/get_chat":                 {scopes: readChats, run: getChat},
		"agent/list_threads":             {scopes: readChats, run: listThreads},
		"agent/list_chats":               {scopes: readChats, run: agentListChats},
		"agent/transfer_chat":            {scopes: chats, run: transferChat},
		"agent/add_user_to_chat":         {scopes: chats, run: addUser},
		"agent/remove_user_from_chat":    {scopes: chats, run: removeUser},
		"agent/send_event":               {scopes: chats, run: agentSendEvent},
		"agent/upload_file":              {scopes: chats, run: uploadFile},
		"agent/deactivate_chat":          {scopes: chats, run: agentDeactivateChat},
		"agent/list_routing_statuses":    {scopes: []string{"agents--all:ro", "agents--all:rw"}, run: listRoutingStatuses},
		"agent/list_agents_for_transfer": {scopes: readChats, run: listAgentsForTransfer},

		"configuration/register_webhook":           {scopes: hooks, run: registerWebhook},
		"configuration/list_webhooks":              {scopes: hooks, run: listWebhooks},
		"configuration/unregister_webhook":         {scopes: hooks, run: unregisterWebhook},
		"configuration/enable_license_webhooks":    {scopes: hookState, run: enableWebhooks},
		"configuration/disable_license_webhooks":   {scopes: hookState, run: disableWebhooks},
		"configuration/get_license_webhooks_state": {scopes: []string{"webhooks.state:ro", "webhooks.state:rw"}, run: webhooksState},
		"configuration/list_webhook_names":         {public: true, run: listWebhookNames},
		"configuration/register_property":          {scopes: properties, run: registerProperty},
		"configuration/list_groups":                {scopes: groups, run: listGroups},
		"configuration/get_group":                  {scopes: groups, run: getGroup},
	}
}
