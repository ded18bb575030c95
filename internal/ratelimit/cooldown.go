package ratelimit

import "time"

// CoolDown is how long whoever has used up all tries waits before the next, after that
// has happened so many times in a row, 1 or more: 1, 2, 4, 8 and then 15 minutes. Five
// tries at one in 10^8 each time get nowhere, and nobody is locked out for good.
func CoolDown(failures int) time.Duration {
	if failures > 4 {
		return 15 * time.Minute
	}
	return time.Minute << (failures - 1)
}
