package apid

import "letterlock/internal/lane"

// inLane says in which lane each operation is worked on, as package web does for
// its routes. A test fails for an operation that is not here.
var inLane = map[string]lane.Name{
	"revoke-message": lane.Revoke, "restore-message": lane.Revoke, "destroy-message": lane.Revoke, "expire-message": lane.Revoke,
	"start-batch": lane.Revoke, "approve-batch": lane.Revoke, "discard-batch": lane.Revoke, "undo-batch": lane.Revoke,
	"disable-account": lane.Revoke, "sign-out-account": lane.Revoke, "end-token": lane.Revoke, "forget-bindings": lane.Revoke, "forget-browsers": lane.Revoke,
	"message-status": lane.Revoke, // whoever is about to revoke asks this first

	"search-messages": lane.List, "message-trace": lane.List, "proof": lane.List,
	"list-batches": lane.List, "batch": lane.List, "batch-items": lane.List,
	"report": lane.List, "report-rows": lane.List, "audit-log": lane.List, "audit-key": lane.List,
	"list-accounts": lane.List, "add-account": lane.List, "enable-account": lane.List, "reset-password": lane.List, "reset-factor": lane.List, "unbind-account": lane.List, "set-roles": lane.List,
	"list-tokens": lane.List, "add-token": lane.List,
	"list-brands": lane.List, "brand": lane.List, "delete-brand": lane.List,

	"plan-batch": lane.Export, "export-messages": lane.Export, "export-report": lane.Export, "export-audit": lane.Export, "export-checkpoints": lane.Export,
	"export-brands": lane.Export, "import-brands": lane.Export,

	// Of the operator alone, over the socket.
	"state": lane.Health, "list-keys": lane.List, "rotate-keys": lane.Revoke, "export-keys": lane.Export,
	"list-dkim": lane.List, "add-dkim": lane.List, "activate-dkim": lane.List, "retire-dkim": lane.List,
	"classify": lane.List,
}

// goesFirst reports whether an operation takes access away, or gives it back. A rotation
// has the lane for itself to be let in, and takes its time.
func goesFirst(o operation) bool {
	return inLane[o.id] == lane.Revoke && o.changes() && o.id != "rotate-keys"
}
