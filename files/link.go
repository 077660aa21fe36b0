package files

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// Path is where links lead to, below our public address.
	Path = "/files/"
	// MinSecret is the shortest secret that links are sealed with, in bytes.
	MinSecret = 16
	// DefaultLifetime is how long a link works.
	DefaultLifetime = 7 * 24 * time.Hour
	// maxToken bounds a token, and so the vendor's address in it.
	maxToken = 8 << 10
	keySize  = 32
	// tokenVersion is what the tokens are sealed for: another version opens none of them.
	tokenVersion = "handoff file link 1"
)

// The errors of Links.Open.
var (
	// ErrUnknownLink says that a token is none of ours.
	ErrUnknownLink = errors.New("there is no such file")
	// ErrExpired says that a link was one.
	ErrExpired = errors.New("the link has expired")
)

// Links makes and reads the addresses under which the gateway serves files. All that is known of a file is in its
// address, encrypted and authenticated (AES-256-GCM), so that it works at any gateway and after any restart, and tells
// nothing of the vendor. The same file, decided to be shown at the same time, has the same address, so that a repeated
// send can be recognised: the nonce is a keyed hash of the content (as in SIV), which never repeats for another content.
type Links struct {
	base     string
	lifetime time.Duration
	keys     []key
}

// key is made of one secret.
type key struct {
	seal  cipher.AEAD
	nonce []byte
}

// NewLinks makes Links below our public address. The first secret makes new links, all of them open what they once made.
// Lifetime 0 means DefaultLifetime.
func NewLinks(publicURL string, secrets connector.Secrets, lifetime time.Duration) (*Links, error) {
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	l := &Links{base: strings.TrimRight(publicURL, "/") + Path, lifetime: lifetime}
	for _, secret := range secrets {
		if len(secret) < MinSecret {
			return nil, fmt.Errorf("a secret for links has at least %d characters", MinSecret)
		}
		k, err := newKey(secret)
		if err != nil {
			return nil, err
		}
		l.keys = append(l.keys, k)
	}
	if len(l.keys) == 0 {
		return nil, errors.New("links need a secret")
	}
	return l, nil
}

func newKey(secret connector.Secret) (key, error) {
	both, err := hkdf.Key(sha256.New, []byte(secret.Reveal()), nil, tokenVersion, 2*keySize)
	if err != nil {
		return key{}, fmt.Errorf("deriving the key of links: %w", err)
	}
	block, err := aes.NewCipher(both[:keySize])
	if err != nil {
		return key{}, fmt.Errorf("making the key of links: %w", err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return key{}, fmt.Errorf("making the key of links: %w", err)
	}
	return key{seal, both[keySize:]}, nil
}

// content is what a token holds.
type content struct {
	Connection  string `json:"c"`
	URL         string `json:"u"`
	Name        string `json:"n,omitempty"`
	ContentType string `json:"t,omitempty"`
	Size        int64  `json:"s,omitempty"`
	Expires     int64  `json:"e"`
}

// Make gives the address of a file that the connection source serves, which was decided to be shown then. It gives ""
// for a file whose own address is too long.
func (l *Links) Make(source string, file conversation.Attachment, decided time.Time) string {
	plain, err := json.Marshal(content{
		Connection: source, URL: file.URL, Name: file.Name, ContentType: file.ContentType, Size: file.Size,
		Expires: decided.Add(l.lifetime).Unix(),
	})
	if err != nil {
		return ""
	}
	k := l.keys[0]
	mac := hmac.New(sha256.New, k.nonce)
	mac.Write(plain)
	nonce := mac.Sum(nil)[:k.seal.NonceSize()]
	token := base64.RawURLEncoding.EncodeToString(k.seal.Seal(nonce, nonce, plain, []byte(tokenVersion)))
	if len(token) > maxToken {
		return ""
	}
	return l.base + token + ending(file.Name)
}

// ending gives what a file's name ends with, for those who tell its kind by its address. The rest of the name stays out of
// the address: names say much, and addresses are logged.
func ending(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if len(ext) < 2 || len(ext) > 6 || strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ""
	}
	return ext
}

// Open gives what a token, which is what stands behind Path in a link, was made for. Errors are ErrUnknownLink and
// ErrExpired.
func (l *Links) Open(token string, now time.Time) (source string, file conversation.Attachment, err error) {
	token, _, _ = strings.Cut(token, ".")
	if len(token) > maxToken {
		return "", conversation.Attachment{}, ErrUnknownLink
	}
	// Strict: one link has one spelling.
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return "", conversation.Attachment{}, ErrUnknownLink
	}
	for _, k := range l.keys {
		if len(sealed) < k.seal.NonceSize() {
			break
		}
		nonce := sealed[:k.seal.NonceSize()]
		plain, err := k.seal.Open(nil, nonce, sealed[len(nonce):], []byte(tokenVersion))
		var c content
		if err != nil || json.Unmarshal(plain, &c) != nil {
			continue
		}
		if now.Unix() >= c.Expires {
			return "", conversation.Attachment{}, ErrExpired
		}
		return c.Connection, conversation.Attachment{URL: c.URL, Name: c.Name, ContentType: c.ContentType, Size: c.Size}, nil
	}
	return "", conversation.Attachment{}, ErrUnknownLink
}

// Address gives the address under which people find a file that the connection source serves, which was decided to be
// shown then: the vendor's own, or a link of ours where that needs credentials or leads nowhere from outside, or where
// rules or a scanner stand between. It is the same whenever it is asked for.
func (o *Opener) Address(source string, file conversation.Attachment, decided time.Time) string {
	if file.URL == "" || decided.IsZero() {
		return plain(file.URL)
	}
	if o.config.Links != nil && !strings.HasPrefix(file.URL, o.config.Links.base) && (o.guards(source) || o.private(source, file)) {
		if link := o.config.Links.Make(source, file, decided); link != "" {
			return link
		}
	}
	return plain(file.URL)
}

// OpenAddress reports whether a file's own address may be told to people instead of the file: whoever has it needs
// nothing else, and nothing is to stand between.
func (o *Opener) OpenAddress(source string, file conversation.Attachment) bool {
	return file.URL != "" && !o.guards(source) && !o.private(source, file)
}

// guards reports whether something is known of a file only once it was looked into.
func (o *Opener) guards(source string) bool {
	return o.config.Scanner != nil || o.config.Sources[source].Rules.typed()
}

// private reports whether a file's own address is of no use to people, but of use to us.
func (o *Opener) private(source string, file conversation.Attachment) bool {
	from := o.config.Sources[source]
	if _, ok := from.Connector.(connector.AttachmentFetcher); ok {
		return true
	}
	u, err := url.Parse(file.URL)
	if err != nil || !httpx.Listed(from.AllowHosts, u) {
		return false
	}
	return u.User != nil || u.Scheme == "http" || !httpx.Public(u.Hostname())
}

// plain is an address without the credentials that may stand in it.
func plain(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// Link opens a link of ours; the errors are those of Links.Open.
func (o *Opener) Link(token string, now time.Time) (source string, file conversation.Attachment, err error) {
	if o.config.Links == nil {
		return "", conversation.Attachment{}, ErrUnknownLink
	}
	source, file, err = o.config.Links.Open(token, now)
	if _, there := o.config.Sources[source]; err == nil && !there {
		err = ErrUnknownLink
	}
	return source, file, err
}
