package conversation

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// maxKey bounds the vendor's part of a conversation id.
const maxKey = 128

// ID makes the conversation's id, which is the workflow's too: "<channel connection>:<key>". The key is the vendor's own
// if it is short and plain, else the base32 of its SHA-256, so that mail addresses and phone numbers with a plus never
// appear and every id fits in a URL as it is.
func ID(channel, key string) string {
	if !plain(key) {
		sum := sha256.Sum256([]byte(key))
		key = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
	}
	return channel + ":" + key
}

func plain(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for _, r := range key {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case r == '_' || r == '.' || r == ':' || r == '-':
		default:
			return false
		}
	}
	return true
}
