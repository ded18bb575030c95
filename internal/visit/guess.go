package visit

import (
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Look is one request for the page that a link opens, from somebody who has
// proved nothing. All of it but the time is what the visitor says of itself.
type Look struct {
	Recipient letterlock.ID
	At        time.Time
	Notified  time.Time // when the notification was handed over; zero: not known
	Network   string    // where it comes from, as precisely as is known; never kept
	IP        string    // likewise, as far as it may be kept

	Head     bool   // asked for the header of the page only
	Agent    string // User-Agent
	Browser  string // family, as the edge tells it for its own purposes
	Language bool   // said which languages its user reads
	Mode     string // Sec-Fetch-Mode
	Purpose  string // Sec-Purpose, or Purpose
}

// Reasons for a guess.
const (
	WhyHead       = "head"          // nobody who reads asks for a header alone
	WhyProgram    = "program"       // it says so itself
	WhyNoAgent    = "no-agent"      // every browser has a name
	WhyPrefetch   = "prefetch"      // a browser that fetches ahead of its user
	WhyMany       = "many-links"    // of several recipients, within seconds
	WhyNoLanguage = "no-language"   // every browser says what its user reads
	WhyNoOpening  = "no-navigation" // it names itself a browser and does not open pages as one
	WhyAtOnce     = "at-once"       // before anybody can have found the mail
	WhyBrowser    = "browser"       // nothing speaks against a person
	WhyMore       = store.MoreVisits
)

// Limits of what a person does.
const (
	atOnce    = 5 * time.Second  // after the notification was handed over
	together  = 10 * time.Second // in which links of several recipients are opened
	manyLinks = 3
)

// Guess says who probably looked, and why. links is how many links were opened
// from the same network at about that time, this one included. It is a guess and
// no more: nothing may depend on it.
func Guess(l Look, links int) (letterlock.Visitor, string) {
	why := WhyBrowser
	switch {
	case l.Head:
		why = WhyHead
	case Program(l.Agent) != "":
		why = WhyProgram
	case strings.TrimSpace(l.Agent) == "":
		why = WhyNoAgent
	case strings.Contains(l.Purpose, "prefetch") || strings.Contains(l.Purpose, "preview"):
		why = WhyPrefetch
	case links >= manyLinks:
		why = WhyMany
	case !l.Language:
		why = WhyNoLanguage
	case l.Mode != "navigate" && (l.Mode != "" || saysHowItFetches(l.Agent)):
		why = WhyNoOpening
	case !l.Notified.IsZero() && l.At.Sub(l.Notified) < atOnce:
		why = WhyAtOnce
	default:
		return letterlock.Person, why
	}
	return letterlock.Scanner, why
}

// programs are words in the names of what looks into links and is no person, in
// lower case, with how they are called. The more particular come first.
var programs = []struct{ word, name string }{
	{"barracuda", "Barracuda"}, {"mimecast", "Mimecast"}, {"proofpoint", "Proofpoint"}, {"symantec", "Symantec"},
	{"messagelabs", "Symantec"}, {"sophos", "Sophos"}, {"trendmicro", "Trend Micro"}, {"trend micro", "Trend Micro"},
	{"fortinet", "Fortinet"}, {"fortimail", "Fortinet"}, {"ironport", "Cisco"}, {"zscaler", "Zscaler"}, {"forcepoint", "Forcepoint"},
	{"websense", "Forcepoint"}, {"kaspersky", "Kaspersky"}, {"avast", "Avast"}, {"bitdefender", "Bitdefender"}, {"trustwave", "Trustwave"},
	{"safelinks", "Safe Links"}, {"googleimageproxy", "Google image proxy"}, {"googlesafebrowsing", "Google Safe Browsing"},
	{"yahoomailproxy", "Yahoo mail proxy"}, {"bingpreview", "Bing preview"}, {"skypeuripreview", "Skype preview"},
	{"slackbot", "Slack preview"}, {"slack-img", "Slack preview"}, {"whatsapp", "WhatsApp preview"}, {"telegrambot", "Telegram preview"},
	{"facebookexternalhit", "Facebook preview"}, {"twitterbot", "Twitter preview"}, {"linkedinbot", "LinkedIn preview"},
	{"headlesschrome", "headless Chrome"}, {"phantomjs", "PhantomJS"}, {"puppeteer", "Puppeteer"}, {"playwright", "Playwright"},
	{"curl/", "curl"}, {"wget/", "Wget"}, {"python", "Python"}, {"go-http-client", "Go"}, {"java/", "Java"}, {"okhttp", "OkHttp"},
	{"apache-httpclient", "Java"}, {"libwww", "libwww"}, {"node-fetch", "Node.js"}, {"axios", "Node.js"}, {"ruby", "Ruby"}, {"php", "PHP"},
	{"winhttp", "WinHTTP"}, {"powershell", "PowerShell"},
	{"urlscan", "URL scanner"}, {"linkcheck", "link checker"}, {"scanner", "scanner"}, {"crawl", "crawler"}, {"spider", "crawler"}, {"bot", "robot"},
}

// Program returns what a visitor calls itself that admits to be a program, or "".
func Program(agent string) string {
	agent = strings.ToLower(agent)
	for _, p := range programs {
		if strings.Contains(agent, p.word) {
			return p.name
		}
	}
	return ""
}

// fetching lists from which version on browsers say how they fetch a page, by the
// name before the number. Safari tells its version elsewhere.
var fetching = []struct {
	name string
	from int
}{{"Chrome/", 80}, {"Firefox/", 90}}

// saysHowItFetches reports whether a browser of that name sends Sec-Fetch-Mode to
// every server that it trusts.
func saysHowItFetches(agent string) bool {
	for _, f := range fetching {
		_, after, ok := strings.Cut(agent, f.name)
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(after, ".")
		n, err := strconv.Atoi(digits)
		return err == nil && n >= f.from
	}
	return false
}
