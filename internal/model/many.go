package model

// A Batch is a revocation of many messages.
type Batch struct{}
