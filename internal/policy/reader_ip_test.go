package policy

import "testing"

func TestReaderIPKeepsNoMoreThanItSays(t *testing.T) {
	tests := []struct{ name, ip, full, network string }{
		{"IPv4", "192.0.2.77", "192.0.2.77", "192.0.2.0/24"},
		{"IPv4 written as IPv6", "::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"},
		{"IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"},
		{"IPv6 with a zone", "fe80::1%eth0", "fe80::1", "fe80::/48"},
		{"nothing", "", "", ""},
		{"no address", "somebody<script>", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for keep, want := range map[ReaderIP]string{FullIP: tt.full, NetworkIP: tt.network, NoIP: "", "": tt.network, "everything": tt.network} {
				if got := keep.Of(tt.ip); got != want {
					t.Errorf("%q of %q is %q, want %q", keep, tt.ip, got, want)
				}
			}
		})
	}
}
