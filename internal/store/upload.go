package store

import (
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// UploadCopy is the holder of an upload's key.
const UploadCopy = "upload"

// An Upload is a file on its way into a message that is being written.
type Upload struct {
	ID       letterlock.ID
	Account  letterlock.Address
	Epoch    uint32
	Wrapped  []byte // its key
	Head     []byte // name and type, sealed
	Size     int64  // bytes that were announced
	Received int64  // bytes that have arrived
}

// AddUpload adds an upload of which nothing has arrived.
func (t *Tx) AddUpload(u Upload) error {
	return t.exec(`INSERT INTO uploads (id, account, epoch, wrapped, head, size, touched_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		u.ID, u.Account, u.Epoch, u.Wrapped, u.Head, u.Size, t.Now.Unix())
}

// Upload returns an account's upload, or NotFound.
func (t *Tx) Upload(id letterlock.ID, account letterlock.Address) (u Upload, err error) {
	u.ID, u.Account = id, account
	err = t.row(`SELECT epoch, wrapped, head, size, received FROM uploads WHERE id = $1 AND account = $2 AND account <> ''`,
		[]any{id, account}, &u.Epoch, &u.Wrapped, &u.Head, &u.Size, &u.Received)
	return u, err
}

// UploadTotals counts an account's uploads and the bytes that they were announced
// with.
func (t *Tx) UploadTotals(account letterlock.Address) (n int, bytes int64, err error) {
	err = t.row(`SELECT count(*), COALESCE(sum(size), 0) FROM uploads WHERE account = $1`, []any{account}, &n, &bytes)
	return n, bytes, err
}

// GrowUpload notes that an account's upload has grown, or returns NotFound when it
// is not as long as from says: then somebody else was first, or it is gone.
func (t *Tx) GrowUpload(id letterlock.ID, account letterlock.Address, from, to int64) error {
	n, err := t.change(`UPDATE uploads SET received = $4, touched_at = $5 WHERE id = $1 AND account = $2 AND account <> '' AND received = $3`,
		id, account, from, to, t.Now.Unix())
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// PutUploadPiece keeps a piece. The last one is put again when it has grown.
func (t *Tx) PutUploadPiece(id letterlock.ID, seq int64, data []byte) error {
	return t.exec(`INSERT INTO upload_pieces (upload, seq, data) VALUES ($1, $2, $3) ON CONFLICT (upload, seq) DO UPDATE SET data = excluded.data`,
		id, seq, data)
}

// UploadPiece returns a piece of an account's upload, or NotFound.
func (t *Tx) UploadPiece(id letterlock.ID, account letterlock.Address, seq int64) (data []byte, err error) {
	err = t.row(`SELECT p.data FROM uploads u JOIN upload_pieces p ON p.upload = u.id
		WHERE u.id = $1 AND u.account = $2 AND u.account <> '' AND p.seq = $3`, []any{id, account, seq}, &data)
	return data, err
}

// ReleaseUpload makes an account's upload nobody's: its key is gone, and its
// pieces wait to be removed. One that is not there is no error.
func (t *Tx) ReleaseUpload(id letterlock.ID, account letterlock.Address) error {
	return t.exec(`UPDATE uploads SET account = '', wrapped = NULL WHERE id = $1 AND account = $2`, id, account)
}

// ReleaseIdleUploads does so with an account's uploads to which nothing has come
// since cut.
func (t *Tx) ReleaseIdleUploads(account letterlock.Address, cut time.Time) error {
	return t.exec(`UPDATE uploads SET account = '', wrapped = NULL WHERE account = $1 AND account <> '' AND touched_at < $2`, account, cut.Unix())
}

// ReleaseOldUploads does so with everybody's.
func (t *Tx) ReleaseOldUploads(cut time.Time) error {
	return t.exec(`UPDATE uploads SET account = '', wrapped = NULL WHERE account <> '' AND touched_at < $1`, cut.Unix())
}

// RemoveReleased removes up to limit pieces of what is nobody's any more, and the
// upload itself once it has none. It reports whether there may be more: the pieces
// of a large file removed at once would keep everybody else's writes waiting.
func (t *Tx) RemoveReleased(limit int) (more bool, err error) {
	var id letterlock.ID
	err = t.row(`SELECT id FROM uploads WHERE account = '' LIMIT 1`, nil, &id)
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := t.change(`DELETE FROM upload_pieces WHERE upload = $1 AND seq IN (SELECT seq FROM upload_pieces WHERE upload = $1 ORDER BY seq LIMIT $2 + 0)`, id, limit)
	if err != nil || n > 0 {
		return true, err
	}
	return true, t.exec(`DELETE FROM uploads WHERE id = $1`, id)
}
