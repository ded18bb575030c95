package main

import (
	"testing"

	"letterlock/internal/browsertest"
)

// TestEveryAuditPageCanBeUsedByEverybody looks at the audit log as
// TestEveryPageCanBeUsedByEverybody looks at the others.
func TestEveryAuditPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t, browsertest.Light).Page(t)
	p.signIn(page, administrator)
	for _, s := range []stop{
		{name: "audit-log", page: page, path: "/audit-log"},
		{name: "audit-log-refused", page: page, path: "/audit-log?refused=yes"},
		{name: "audit-log-nothing", page: page, path: "/audit-log?from=1990-01-01&until=1990-01-01"},
		{name: "audit-log-wrong", page: page, path: "/audit-log?who=x%40&from=y"},
	} {
		s.everywhere(t, p)
	}
}
