package vault

import "testing"

func TestCodesAreEightDigitsAndUniform(t *testing.T) {
	const n = 20_000
	var counts [digits][10]int
	for range n {
		code := NewPasscode().Reveal()
		if len(code) != digits {
			t.Fatalf("%q has %d characters, want %d", code, len(code), digits)
		}
		for place, c := range []byte(code) {
			if c < '0' || c > '9' {
				t.Fatalf("%q is not digits", code)
			}
			counts[place][c-'0']++
		}
	}
	// Chi-square with 9 degrees of freedom: above 60 once in about 10^9.
	for place, row := range counts {
		sum := 0.0
		for _, got := range row {
			d := float64(got) - n/10
			sum += d * d / (n / 10)
		}
		if sum > 60 {
			t.Errorf("digit %d is not uniform: %v", place, row)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"1234 5678", "1234-5678", "", "１２３４５６７８", "12345678\x00", "        "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, ok := normalize(s)
		if !ok {
			return
		}
		if len(b) != digits || len(s) > 64 {
			t.Errorf("normalize(%q) = %q", s, b)
		}
		if again, ok := normalize(string(b)); !ok || string(again) != string(b) {
			t.Errorf("normalize(%q) = %q, of which it makes %q", s, b, again)
		}
	})
}
