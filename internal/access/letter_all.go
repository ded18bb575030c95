package access

import (
	"context"

	"letterlock/internal/letterlock"
)

// DownloadAll opens a message to take all of its attachments, and notes that its
// recipient took each of them: in the history one by one, for that is what its
// sender asks about, and in the audit log as the one act that it is. It is allowed
// where each of them may be downloaded, and a message without any is NotFound. The
// errors are otherwise those of Open.
func (s *Service) DownloadAll(ctx context.Context, by letterlock.Actor, id letterlock.ID) (*Letter, []Attachment, error) {
	l, err := s.Open(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	files := l.Attachments()
	if len(files) == 0 {
		err = &letterlock.Error{Code: letterlock.NotFound}
	} else if err = s.mayDownload(l, files[0].Part); err == nil && by.Kind == letterlock.Reader {
		events := make([]letterlock.Event, len(files))
		for i, f := range files {
			events[i] = letterlock.Event{Kind: letterlock.Downloaded, Part: f.Part}
		}
		err = s.note(ctx, by, id, events...)
	}
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	return l, files, nil
}

// Attachment returns what is known of one attachment, of an attached mail too, or
// NotFound.
func (l *Letter) Attachment(part int) (Attachment, error) {
	a, _, err := l.attachment(part)
	return a, err
}
