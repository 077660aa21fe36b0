package fake

import (
	"encoding/json"
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
