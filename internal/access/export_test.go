package access

// Out returns how many leases are out.
func (s *Service) Out() int { return s.leases.out() }
