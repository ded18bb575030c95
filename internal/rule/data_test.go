package rule_test

import (
	"fmt"
	"testing"

	"letterlock/internal/rule"
)

func TestSensitiveDataIsToldByItsChecks(t *testing.T) {
	tests := []struct {
		kind rule.Data
		text string
		want bool
	}{
		{rule.Card, "Visa 4111111111111111.", true},
		{rule.Card, "4111 1111 1111 1111", true},
		{rule.Card, "4111-1111-1111-1111,", true},
		{rule.Card, "4111\u00A01111\u00A01111\u00A01111", true}, // no-break spaces
		{rule.Card, "4111‑1111‑1111‑1111", true},                // no-break hyphens
		{rule.Card, "４１１１１１１１１１１１１１１１", true},                   // wide digits
		{rule.Card, "4111 1111\n1111 1111", true},               // a line that was broken
		{rule.Card, "4111\n1111\n1111\n1111", false},            // a column
		{rule.Card, "4111 1111-1111 1111", false},
		{rule.Card, "4111 1111 1111 1112", false}, // the check digit
		{rule.Card, "order 17 4111 1111 1111 1111", true},
		{rule.Card, "41111111111111111", false}, // one digit more
		{rule.Card, "x4111111111111111", false},
		{rule.Card, "4111111111111111x", false},
		{rule.Card, "0.4111111111111111", false},
		{rule.Card, "“4111 1111 1111 1111”", true},
		{rule.Card, "•4111111111111111…", true},
		{rule.Card, "4111111111111111€", true},
		{rule.Card, "卡号4111111111111111。", true}, // no spaces there
		{rule.Card, "é4111111111111111", false},  // a word
		{rule.Card, "4111111111111111й", false},
		{rule.Card, "1,4111111111111111,Bob", true}, // columns
		{rule.Card, "4111\t1111\t1111\t1111", true},
		{rule.Card, "4222222222222", true},        // 13 digits
		{rule.Card, "5555555555554444", true},     // Mastercard
		{rule.Card, "2223003122003222", true},     // Mastercard, the new range
		{rule.Card, "3782 822463 10005", true},    // American Express
		{rule.Card, "3782-8224-6310-005", false},  // not in its groups
		{rule.Card, "30569309025904", true},       // Diners Club
		{rule.Card, "6011111111111117", true},     // Discover
		{rule.Card, "3530111333300000", true},     // JCB
		{rule.Card, "6212345678901265", true},     // UnionPay
		{rule.Card, "2200000000000004", true},     // Mir
		{rule.Card, "6304000000000000", true},     // Maestro
		{rule.Card, "1234567812345670", false},    // of nobody
		{rule.Card, "0000000000000000", false},    // of nobody
		{rule.Card, "9999 9999 9999 9995", false}, // of nobody
		{rule.Card, "", false},

		{rule.IBAN, "DE89370400440532013000", true},
		{rule.IBAN, "de89 3704 0044 0532 0130 00 please", true},
		{rule.IBAN, "IBAN:GB82 WEST 1234 5698 7654 32.", true},
		{rule.IBAN, "DE89 3704 0044 0532 0130 01", false}, // the check digits
		{rule.IBAN, "DE89 3704 0044 0532 0130 0", false},  // too short
		{rule.IBAN, "DE893704004405320130001", false},     // too long
		{rule.IBAN, "DE89 37040044 0532 0130 00", false},  // not in its groups
		{rule.IBAN, "XX89370400440532013000", false},      // no country
		{rule.IBAN, "NO9386011117947", true},              // the shortest
		{rule.IBAN, "MT84 MALT 0110 0001 2345 MTLC AST0 01S", true},
		{rule.IBAN, "FR14 2004 1010 0505 0001 3M02 606", true},
		{rule.IBAN, "„DE89370400440532013000“", true},
		{rule.IBAN, "IBAN：DE89370400440532013000。", true},
		{rule.IBAN, "CODE89370400440532013000", false}, // the end of another word

		{rule.SSN, "123-45-6789", true},
		{rule.SSN, "“123-45-6789”", true},
		{rule.SSN, "SSN 123456789", true},
		{rule.SSN, "Social Security number: 123 45 6789", true},
		{rule.SSN, "123456789", false}, // any number
		{rule.SSN, "123 45 6789", false},
		{rule.SSN, "000-45-6789", false},
		{rule.SSN, "666-45-6789", false},
		{rule.SSN, "900-45-6789", false},
		{rule.SSN, "987-65-4321", false},
		{rule.SSN, "123-00-6789", false},
		{rule.SSN, "123-45-0000", false},
		{rule.SSN, "078-05-1120", false},
		{rule.SSN, "219-09-9999", false},
		{rule.SSN, "123-45-67890", false},
		{rule.SSN, "1123-45-6789", false},
		{rule.SSN, "123-45-6789-1", false},
		{rule.SSN, "12-123-45-6789", false},
	}
	for _, tt := range tests {
		rules := setOf(t, refuses("d", rule.Conditions{Data: []rule.Data{tt.kind}}))
		v, err := rules.Judge(offer(text(tt.text)))
		if err != nil {
			t.Fatal(err)
		}
		if v.Refused != tt.want {
			t.Errorf("%s in %q: %t, want %t", tt.kind, tt.text, v.Refused, tt.want)
		}
		if tt.want && v.Outcomes[0].Reasons[0].Value != string(tt.kind) {
			t.Errorf("%q: the reason is %q, want %q", tt.text, v.Outcomes[0].Reasons[0].Value, tt.kind)
		}
	}
}

// TestEveryDigitOfANumberIsChecked changes each digit of numbers that are right.
func TestEveryDigitOfANumberIsChecked(t *testing.T) {
	for kind, number := range map[rule.Data]string{rule.Card: "4111111111111111", rule.IBAN: "DE89370400440532013000"} {
		rules := setOf(t, refuses("d", rule.Conditions{Data: []rule.Data{kind}}))
		for i := range number {
			for d := byte('0'); d <= '9'; d++ {
				if number[i] == d || number[i] > '9' {
					continue
				}
				wrong := fmt.Sprintf("%s%c%s", number[:i], d, number[i+1:])
				if v, _ := rules.Judge(offer(text(wrong))); v.Refused {
					t.Errorf("%s is taken for %s", wrong, kind)
				}
			}
		}
	}
}

func TestDataInTheSubjectCounts(t *testing.T) {
	rules := setOf(t, refuses("d", rule.Conditions{Data: []rule.Data{rule.SSN, rule.Card}}))
	v, err := rules.Judge(offer(func(m *rule.Mail) { m.Subject = "card 4111 1111 1111 1111" }))
	if err != nil || !v.Refused || v.Outcomes[0].Reasons[0].Value != "card" {
		t.Errorf("%+v, %v", v, err)
	}
}
