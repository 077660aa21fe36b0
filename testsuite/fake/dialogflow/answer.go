package dialogflow

// answerES tells an answer as v2 does: what is false or empty is left out. The
// caller holds the lock.
func (s *Server) answerES(p place, id string, x *session, r request, a Answer) any {
	return withoutEmpty(map[string]any{
		"responseId":    id + "-19db3199",
		"queryResult":   s.resultES(p, x, r, a),
		"webhookStatus": statusOf(a),
	})
}

func (s *Server) resultES(p place, x *session, r request, a Answer) map[string]any {
	messages := []any{}
	for _, text := range a.Texts {
		messages = append(messages, map[string]any{"text": map[string]any{"text": []string{text}}})
	}
	for _, m := range a.Rich {
		messages = append(messages, m)
	}
	first := ""
	if len(a.Texts) > 0 {
		first = a.Texts[0]
	}
	contexts := named(p.name, x.contexts)
	if a.Filling {
		contexts = append(contexts, named(p.name, []Context{
			{ID: "7c1b0f5e_id_dialog_context", Lifespan: 2}, {ID: "7c1b_dialog_params_size", Lifespan: 2}, {ID: "__system_counters__", Lifespan: 1},
		})...)
	}
	result := withoutEmpty(map[string]any{
		"queryText": r.text, "languageCode": r.language, "action": a.Action, "parameters": a.Parameters, "fulfillmentText": first,
		"fulfillmentMessages": messages, "allRequiredParamsPresent": !a.Filling, "webhookPayload": a.WebhookPayload,
		"outputContexts": contexts, "intentDetectionConfidence": 0.93, "someFieldAddedLater": map[string]any{"x": 1},
	})
	result["intent"] = withoutEmpty(map[string]any{
		"name": "projects/" + s.opts.Project + "/agent/intents/7c1b", "displayName": a.Intent, "isFallback": a.Fallback,
		"liveAgentHandoff": a.Handoff, "endInteraction": a.End,
	})
	return result
}

// answerCX tells an answer as v3 does. The caller holds the lock.
func (s *Server) answerCX(p place, id string, x *session, r request, a Answer) any {
	matchType := "INTENT"
	switch {
	case a.Fallback:
		matchType = "NO_MATCH"
	case a.Event != "" || r.event != "":
		matchType = "EVENT"
	case r.text == "":
		matchType = "NO_INPUT"
	}
	match := withoutEmpty(map[string]any{"resolvedInput": r.text, "matchType": matchType, "confidence": 1, "event": a.Event})
	if matchType == "INTENT" {
		match["intent"] = map[string]any{"name": p.name + "/intents/9d0e", "displayName": a.Intent}
	}
	result := withoutEmpty(map[string]any{
		"text": r.text, "languageCode": r.language, "parameters": x.parameters, "responseMessages": messagesCX(a),
		"webhookPayloads": listed(a.WebhookPayload), "match": match, "someFieldAddedLater": []int{1},
		"currentPage": map[string]any{"name": x.page, "displayName": pageOf(x.page)},
	})
	if a.Tag != "" {
		result["webhookStatuses"] = []any{statusOf(a)}
	}
	return map[string]any{"responseId": id, "queryResult": result, "responseType": "FINAL"}
}

// messagesCX puts the wish for a human before the last text, where designers do
// put it.
func messagesCX(a Answer) []any {
	messages := []any{}
	for i, text := range a.Texts {
		if a.Handoff && i == len(a.Texts)-1 {
			messages = append(messages, map[string]any{"liveAgentHandoff": map[string]any{"metadata": a.Metadata}})
		}
		messages = append(messages, map[string]any{"text": map[string]any{"text": []string{text}}, "responseType": "HANDLER_PROMPT"})
	}
	if a.Handoff && len(a.Texts) == 0 {
		messages = append(messages, map[string]any{"liveAgentHandoff": map[string]any{}})
	}
	for _, m := range a.Rich {
		messages = append(messages, m)
	}
	if a.End {
		messages = append(messages, map[string]any{"endInteraction": map[string]any{}})
	}
	return messages
}

func statusOf(a Answer) map[string]any {
	if a.Tag == "" && a.WebhookCode == 0 {
		return nil
	}
	return withoutEmpty(map[string]any{"code": a.WebhookCode, "message": "Webhook execution"})
}

func listed(payload map[string]any) []any {
	if payload == nil {
		return nil
	}
	return []any{payload}
}

// named gives contexts as the API has them.
func named(session string, contexts []Context) []any {
	list := []any{}
	for _, c := range contexts {
		list = append(list, withoutEmpty(map[string]any{
			"name": session + "/contexts/" + c.ID, "lifespanCount": c.Lifespan, "parameters": c.Parameters,
		}))
	}
	return list
}

// withoutEmpty drops what proto3 JSON leaves out.
func withoutEmpty(m map[string]any) map[string]any {
	for name, value := range m {
		switch v := value.(type) {
		case nil:
			delete(m, name)
		case string:
			if v == "" {
				delete(m, name)
			}
		case bool:
			if !v {
				delete(m, name)
			}
		case int:
			if v == 0 {
				delete(m, name)
			}
		case []any:
			if len(v) == 0 {
				delete(m, name)
			}
		case map[string]any:
			if len(v) == 0 {
				delete(m, name)
			}
		}
	}
	return m
}
