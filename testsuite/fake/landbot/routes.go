package landbot

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// route is one operation of the vendor's API. Its name is what faults are set for.
type route struct {
	op     string
	method string
	path   string
	handle func(*Server, call) reply
}

// routes is read-only. Each path ends in a slash, which is part of it.
var routes = []route{
	{"customers_list", "GET", "customers/", (*Server).listCustomers},
	{"customer_get", "GET", "customers/{id}/", (*Server).getCustomer},
	{"messages_list", "GET", "customers/{id}/messages/", (*Server).listMessages},
	{"send_text", "POST", "customers/{id}/send_text/", (*Server).sendText},
	{"send_image", "POST", "customers/{id}/send_image/", (*Server).sendImage},
	{"send_location", "POST", "customers/{id}/send_location/", (*Server).sendLocation},
	{"assign", "PUT", "customers/{id}/assign/", (*Server).assign},
	{"assign_agent", "PUT", "customers/{id}/assign/{agent}/", (*Server).assign},
	{"unassign", "PUT", "customers/{id}/unassign/", (*Server).unassign},
	{"assign_bot", "PUT", "customers/{id}/assign_bot/{bot}/", (*Server).assignBot},
	{"archive", "PUT", "customers/{id}/archive/", (*Server).archive},
	{"unarchive", "PUT", "customers/{id}/unarchive/", (*Server).unarchive},
	{"block", "PUT", "customers/{id}/block/", (*Server).blockCustomer},
	{"unblock", "PUT", "customers/{id}/unblock/", (*Server).unblockCustomer},
	{"opt_out", "DELETE", "customers/{id}/opt_out/", (*Server).optOut},
	{"field_get", "GET", "customers/{id}/fields/{name}/", (*Server).getField},
	{"field_create", "POST", "customers/{id}/fields/{name}/", (*Server).createField},
	{"field_update", "PUT", "customers/{id}/fields/{name}/", (*Server).updateField},
	{"field_delete", "DELETE", "customers/{id}/fields/{name}/", (*Server).deleteField},
	{"agents_list", "GET", "agents/", (*Server).listAgents},
	{"channels_list", "GET", "channels/", (*Server).listChannels},
	{"hooks_list", "GET", "channels/{channel}/message_hooks/", (*Server).listHooks},
	{"hook_create", "POST", "channels/{channel}/message_hooks/", (*Server).createHook},
	{"hook_get", "GET", "channels/{channel}/message_hooks/{hook}/", (*Server).getHook},
	{"hook_delete", "DELETE", "channels/{channel}/message_hooks/{hook}/", (*Server).deleteHook},
}

// find returns the route of a request and its path values, or the status of the
// refusal.
func find(method, path string, noSlash int) (route, map[string]string, int) {
	rest, ok := strings.CutPrefix(path, "/v1/")
	if !ok {
		return route{}, nil, http.StatusNotFound
	}
	if !strings.HasSuffix(rest, "/") {
		return route{}, nil, noSlash
	}
	status := http.StatusNotFound
	for _, r := range routes {
		values, ok := match(r.path, rest)
		if !ok {
			continue
		}
		if r.method == method {
			return r, values, 0
		}
		status = http.StatusMethodNotAllowed
	}
	return route{}, nil, status
}

func match(pattern, path string) (map[string]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok && got[i] != "" {
			values[strings.TrimSuffix(name, "}")] = got[i]
		} else if w != got[i] {
			return nil, false
		}
	}
	return values, true
}

// id reads a numeric path value; 0 is no id of the vendor.
func (c call) id(name string) int64 {
	n, _ := strconv.ParseInt(c.path[name], 10, 64)
	return n
}

// decode reads a body strictly: 400 if it is not JSON, 422 if it holds an
// unknown key or a value of the wrong type.
func (c call) decode(v any) (reply, bool) {
	if !json.Valid(c.body) {
		return failure(http.StatusBadRequest, "detail", "Malformed JSON"), false
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return reply{}, true
	case errors.As(err, &wrong):
		return failure(http.StatusUnprocessableEntity, wrong.Field, "Invalid type"), false
	default:
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return failure(http.StatusUnprocessableEntity, name, "Unknown field"), false
	}
}

// page reads offset and limit.
func (c call) page(total int) (from, to int, bad *reply) {
	limit, offset := 20, 0
	for name, p := range map[string]*int{"limit": &limit, "offset": &offset} {
		v, ok := c.query[name]
		if !ok {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || (name == "limit" && n > 100) {
			r := failure(http.StatusUnprocessableEntity, name, "Out of range")
			return 0, 0, &r
		}
		*p = n
	}
	from = min(offset, total)
	return from, min(from+limit, total), nil
}
