package connector

import "context"

// FileKeeper keeps the files that its vendor posts to us and serves nowhere, so that FetchAttachment finds them later,
// in another process too.
type FileKeeper interface {
	// BodyLimit says how large, in bytes, the body of a webhook to this hookpoint may be; 0 means the usual. It is asked
	// before the body is read, so it answers more only where the hookpoint itself proves the vendor.
	BodyLimit(hookpoint string) int64

	// KeepFiles stores the files of a delivery. It is called after Verify and before Decode, and does nothing twice: the
	// vendor may deliver again. An error keeps the delivery from being accepted.
	KeepFiles(ctx context.Context, d *Delivery) error
}
