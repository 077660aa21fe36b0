package conversation

import "crypto/sha256"

const (
	// maxSeen bounds the memory of event ids. It is far more than any vendor redelivers at a time.
	maxSeen = 2048
	// seenSize is the size of one remembered hash: 96 bits, so that a false match is out of the question.
	seenSize = 12
)

// Memory remembers which events were seen: the last 2,048 of them, oldest forgotten first. It is carried through
// continue-as-new.
type Memory struct {
	// Hashes are the hashes one after the other, 12 bytes each, oldest first.
	Hashes []byte `json:"hashes,omitempty"`
	// Evicted counts what was forgotten.
	Evicted int `json:"evicted,omitempty"`

	// known finds a hash quickly; it is rebuilt after decoding, and only ever looked up, never walked.
	known map[[seenSize]byte]struct{}
}

// Has reports whether the event of that source was seen.
func (m *Memory) Has(source, id string) bool {
	m.index()
	_, ok := m.known[hash(source, id)]
	return ok
}

// Add remembers the event, and reports whether it is new.
func (m *Memory) Add(source, id string) bool {
	m.index()
	h := hash(source, id)
	if _, ok := m.known[h]; ok {
		return false
	}
	m.known[h] = struct{}{}
	m.Hashes = append(m.Hashes, h[:]...)
	if len(m.Hashes) > maxSeen*seenSize {
		delete(m.known, [seenSize]byte(m.Hashes[:seenSize]))
		m.Hashes = m.Hashes[seenSize:]
		m.Evicted++
	}
	return true
}

// Len says how many events are remembered.
func (m *Memory) Len() int { return len(m.Hashes) / seenSize }

func (m *Memory) index() {
	if m.known != nil {
		return
	}
	m.known = make(map[[seenSize]byte]struct{}, m.Len())
	for i := 0; i+seenSize <= len(m.Hashes); i += seenSize {
		m.known[[seenSize]byte(m.Hashes[i:i+seenSize])] = struct{}{}
	}
}

func hash(source, id string) [seenSize]byte {
	sum := sha256.Sum256([]byte(source + "\x00" + id))
	return [seenSize]byte(sum[:seenSize])
}
