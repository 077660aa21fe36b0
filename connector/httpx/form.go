package httpx

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"

	"github.com/handoff-engine/handoff/connector"
)

// ErrTooLarge says that a file is larger than the vendor takes.
var ErrTooLarge = errors.New("file is too large")

// WriteFile adds a file to a form, under its own name and type. More than limit bytes are ErrTooLarge.
func WriteFile(form *multipart.Writer, field string, file connector.File, limit int64) error {
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(field, cmp.Or(file.Name, "file"))},
		"Content-Type":        {cmp.Or(file.ContentType, "application/octet-stream")},
	})
	if err != nil {
		return err
	}
	n, err := io.Copy(part, io.LimitReader(file, limit+1))
	if err == nil && n > limit {
		return ErrTooLarge
	}
	return err
}
