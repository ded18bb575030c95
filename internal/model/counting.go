package model

import "slices"

// Sent are how many messages of a sender's folder are in each condition. What
// recipients wrote stands under what they wrote about, and is not counted. That
// somebody has read, and that access was removed, stays true of a message that was
// destroyed; it waits for nobody and expires no more.
func (w *World) Sent(p Person) map[string]int {
	counts := map[string]int{"all": 0, "read": 0, "unread": 0, "revoked": 0, "expired": 0}
	for _, m := range w.Messages {
		if m.Owner != p.Address || m.About != nil {
			continue
		}
		counts["all"]++
		has := func(f func(*Recipient) bool) bool { return slices.ContainsFunc(m.links(), f) }
		count := func(name string, in bool) {
			if in {
				counts[name]++
			}
		}
		count("read", has(func(r *Recipient) bool { return r.Read && hasAccess(r) }))
		count("unread", has(func(r *Recipient) bool { return !m.Destroyed && !r.Read && hasAccess(r) && !w.Ended(m) }))
		count("revoked", has(func(r *Recipient) bool { return !hasAccess(r) }))
		count("expired", has(func(r *Recipient) bool { return !m.Destroyed && hasAccess(r) && w.Ended(m) }))
	}
	return counts
}
