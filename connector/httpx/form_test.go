package httpx_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

func TestAFileOfAFormHasANameATypeAndALimit(t *testing.T) {
	file := func() connector.File {
		return connector.File{ReadCloser: io.NopCloser(strings.NewReader("12345"))}
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	named := file()
	named.Name, named.ContentType = `a "b".txt`, "text/plain"
	require.NoError(t, httpx.WriteFile(form, "file", named, 5))
	require.NoError(t, httpx.WriteFile(form, "other", file(), 5))
	require.ErrorIs(t, httpx.WriteFile(form, "file", file(), 4), httpx.ErrTooLarge)
	require.NoError(t, form.Close())

	read := multipart.NewReader(&body, form.Boundary())
	for _, want := range [][3]string{{"file", `a "b".txt`, "text/plain"}, {"other", "file", "application/octet-stream"}} {
		part, err := read.NextPart()
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		require.Equal(t, "12345", string(content))
		require.Equal(t, want, [3]string{part.FormName(), part.FileName(), part.Header.Get("Content-Type")})
	}
}
