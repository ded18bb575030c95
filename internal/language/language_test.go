package language_test

import (
	"strings"
	"testing"
	"time"

	"letterlock/internal/language"
)

func words(t *testing.T, tag string) language.Words {
	t.Helper()
	w, ok := language.Find(tag)
	if !ok {
		t.Fatalf("there are no texts in %s", tag)
	}
	return w
}

func TestZeroWordsAreEnglish(t *testing.T) {
	var w language.Words
	if w.Tag() != language.English || w.Direction() != "ltr" || w.Count("length.day", 2) != "2 days" {
		t.Errorf("the zero Words are %s, %s, %q", w.Tag(), w.Direction(), w.Count("length.day", 2))
	}
}

func TestMomentsInEachLanguage(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 5, 0, 0, time.FixedZone("CET", 3600))
	first := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct{ tag, weekday, when, first, month string }{
		{"en", "Friday 20 November 2026, 09:05 CET", "20 November 2026, 09:05 CET", "1 February", "November 2026"},
		{"de", "Freitag, 20. November 2026, 09:05 CET", "20. November 2026, 09:05 CET", "1. Februar", "November 2026"},
		{"fr", "vendredi 20 novembre 2026, 09:05 CET", "20 novembre 2026, 09:05 CET", "1er février", "novembre 2026"},
		{"es", "viernes, 20 de noviembre de 2026, 09:05 CET", "20 de noviembre de 2026, 09:05 CET", "1 de febrero", "noviembre de 2026"},
		{"ar", "الجمعة 20 نوفمبر 2026، 09:05 CET", "20 نوفمبر 2026، 09:05 CET", "1 فبراير", "نوفمبر 2026"},
		{"ja", "2026年11月20日（金曜日）09:05 CET", "2026年11月20日 09:05 CET", "2月1日", "2026年11月"},
	}
	for _, tt := range tests {
		w := words(t, tt.tag)
		for _, pair := range [][2]string{{w.Weekday(at), tt.weekday}, {w.When(at), tt.when}, {w.Day(first), tt.first}, {w.MonthYear(at), tt.month}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %q, want %q", tt.tag, pair[0], pair[1])
			}
		}
	}
}

func TestNumbersTakeTheFormOfTheirLanguage(t *testing.T) {
	tests := []struct {
		tag  string
		n    int
		want string
	}{
		{"en", 0, "0 minutes"}, {"en", 1, "1 minute"}, {"en", 2, "2 minutes"},
		{"de", 1, "1 Minute"}, {"de", 5, "5 Minuten"},
		{"fr", 0, "0\u00a0minute"}, {"fr", 1, "1\u00a0minute"}, {"fr", 2, "2\u00a0minutes"},
		{"es", 1, "1 minuto"}, {"es", 2, "2 minutos"},
		{"ar", 0, "0 دقيقة"}, {"ar", 1, "دقيقة واحدة"}, {"ar", 2, "دقيقتين"}, {"ar", 3, "3 دقائق"}, {"ar", 11, "11 دقيقة"}, {"ar", 100, "100 دقيقة"}, {"ar", 103, "103 دقائق"},
		{"ja", 1, "1分"}, {"ja", 2, "2分"},
	}
	for _, tt := range tests {
		if got := words(t, tt.tag).Count("length.minute", tt.n); got != tt.want {
			t.Errorf("%s, %d minutes: %q, want %q", tt.tag, tt.n, got, tt.want)
		}
	}
}

func TestLengthsAndSizes(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "1 Sekunde", 90 * time.Second: "1 Minute", 119 * time.Minute: "119 Minuten", 47 * time.Hour: "47 Stunden", 50 * time.Hour: "2 Tage"} {
		if got := words(t, "de").Length(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{1: "1 Byte", 999: "999 Byte", 1000: "1 KB", 999_499: "999 KB", 1_200_000: "1,2 MB", 25_400_000: "25 MB"} {
		if got := words(t, "de").Size(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	if got := words(t, "ar").Size(1_200_000); got != "1.2 ميغابايت" {
		t.Errorf("1.2 MB in Arabic are %q", got)
	}
}

func TestWhatIsPutInTurnsNothingAround(t *testing.T) {
	tests := []struct{ name, tag, value, want string }{
		{"an address in English", "en", "bob@example.com", "bob@example.com"},
		{"a Hebrew name in English", "en", "דנה", "\u2068דנה\u2069"},
		{"an address in Arabic", "ar", "bob@example.com", "\u2068bob@example.com\u2069"},
		{"a number in Arabic", "ar", "1.2", "1.2"},
		{"nothing in Arabic", "ar", "", ""},
		{"a name that opens the lock", "ar", "a\u2069\u202eb", "\u2068ab\u2069"},
		{"a name that turns English", "en", "gpj.\u202eexe", "gpj.exe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := words(t, tt.tag).Isolate(tt.value); got != tt.want {
				t.Errorf("%q became %q, want %q", tt.value, got, tt.want)
			}
		})
	}
}

func TestTextsAreNoTemplates(t *testing.T) {
	got := words(t, "en").Text("size.kilo", "Size", "{{.Size}}<b>")
	if want := "{{.Size}}<b> KB"; got != want {
		t.Errorf("a value that looks like a placeholder made %q, want %q", got, want)
	}
}

func TestOfferMatchesWhatTheBrowserLikes(t *testing.T) {
	offer, err := language.NewOffer([]string{"en", "de", "fr", "es", "ar", "ja"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ header, want string }{
		{"de", "de"}, {"de-CH,de;q=0.9,en;q=0.8", "de"}, {"en-GB", "en"}, {"ar-EG", "ar"}, {"fr-CA;q=0.3, ja;q=0.9", "ja"}, {"es-419", "es"},
		{"nl, de;q=0.5", "de"}, {"ko", ""}, {"", ""}, {"*", ""}, {"de;q=0", ""}, {"<script>", ""}, {"\x00", ""}, {strings.Repeat("a-", 1000), ""},
		{strings.Repeat("ko,", 80) + "de", ""}, {"de," + strings.Repeat("ko,", 80), "de"},
	}
	for _, tt := range tests {
		w, ok := offer.Match(tt.header)
		if got := w.Tag(); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("Accept-Language %.40q: %s, %t, want %q", tt.header, got, ok, tt.want)
		}
	}
}

func TestOfferHasNothingElse(t *testing.T) {
	offer, err := language.NewOffer([]string{"de", "en"})
	if err != nil {
		t.Fatal(err)
	}
	if w, ok := offer.Match("fr"); ok {
		t.Errorf("French is not offered and answered with %s", w.Tag())
	}
	if offer.Has("fr") || !offer.Has("en") || offer.All()[0].Tag() != "de" {
		t.Error("the offer is not German and English")
	}
	for _, wrong := range [][]string{{"xx"}, {"de", "de"}, {"DE"}, {""}} {
		if _, err := language.NewOffer(wrong); err == nil {
			t.Errorf("the offer %q was taken", wrong)
		}
	}
}

func FuzzMatch(f *testing.F) {
	offer, err := language.NewOffer([]string{"en", "ar"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("ar-EG,ar;q=0.9")
	f.Add("x-a-b-c;q=,,,*")
	f.Fuzz(func(t *testing.T, header string) {
		if w, ok := offer.Match(header); ok && !offer.Has(w.Tag()) {
			t.Errorf("%q was answered with %s, which is not offered", header, w.Tag())
		}
	})
}
