package fake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// driverPath is where tests in another process drive a fake.
const driverPath = "/_fake/"

// Driver is what every fake gives to tests in another process, besides the calls of its own.
type Driver struct {
	Faults   *Faults
	Journal  *Journal
	Attempts *Outbox
	// Own answers the fake's own calls; path is what stands behind /_fake/.
	Own func(w http.ResponseWriter, r *http.Request, path string)
}

// Serve answers what is below /_fake/, and reports whether the request is: faults, journal and attempts, and the fake's own
// calls.
func (d Driver) Serve(w http.ResponseWriter, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, driverPath)
	if !ok {
		return false
	}
	switch path {
	case "faults":
		d.Faults.ServeHTTP(w, r)
	case "journal":
		d.Journal.ServeHTTP(w, r)
	case "attempts":
		d.Attempts.ServeHTTP(w, r)
	default:
		d.Own(w, r, path)
	}
	return true
}

// Mount adds what Serve answers to a mux, for fakes that have one; its own calls are added there too.
func (d Driver) Mount(mux *http.ServeMux) {
	mux.Handle(driverPath+"faults", d.Faults)
	mux.Handle(driverPath+"journal", d.Journal)
	mux.Handle(driverPath+"attempts", d.Attempts)
}

// maxBody bounds what a fake reads of a request.
const maxBody = 1 << 20

// ReadBody reads a request's body, and leaves it to be read again. It answers 413 and gives false for one that is too large.
func ReadBody(w http.ResponseWriter, r *http.Request, refuse Refuser) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge)
		return nil, false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, true
}

// RefuseJSON answers with a status and its name, as our own contracts have it.
func RefuseJSON(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": http.StatusText(status)})
}

// ReadJSON reads the body of a driver's call strictly, or answers 400.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return false
	}
	return true
}

// WriteJSON answers 200 with v.
func WriteJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
