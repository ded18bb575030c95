package views

// A shape is one stroke of an icon: a path, or a circle when it has a radius.
type shape struct{ d, cx, cy, r string }

// icons are drawn on 24 units with a stroke of 1.6 in the colour of the text.
var icons = map[string][]shape{
	"sent":      {{d: "M21 3 3 10.2l7 3.3L13.6 21z"}, {d: "M10 13.5 21 3"}},
	"compose":   {{d: "M13 4H4v16h16v-9"}, {d: "m9.5 14.5.9-3.6 8.3-8.3 2.7 2.7-8.3 8.3z"}},
	"lock":      {{d: "M5 10.5h14V21H5z"}, {d: "M8 10.5V7.4a4 4 0 0 1 8 0v3.1"}, {d: "M12 14.5v2.8"}},
	"revoke":    {{cx: "12", cy: "12", r: "8.8"}, {d: "m5.8 5.8 12.4 12.4"}},
	"restore":   {{d: "M4 5v5.5h5.5"}, {d: "M4.6 10.4A8 8 0 1 1 5 15.6"}},
	"clock":     {{cx: "12", cy: "12", r: "8.8"}, {d: "M12 7v5.2l3.4 2"}},
	"attach":    {{d: "m20 11.4-8 8a5 5 0 0 1-7.1-7.1l8.3-8.3a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.3a1.6 1.6 0 0 1-2.3-2.3l7.4-7.4"}},
	"download":  {{d: "M12 3.5v11.6"}, {d: "m7 10.4 5 5 5-5"}, {d: "M4 20.2h16"}},
	"print":     {{d: "M7 8.5V3.2h10v5.3"}, {d: "M7 17H3.5V8.5h17V17H17"}, {d: "M7 13.8h10v7H7z"}},
	"search":    {{cx: "10.5", cy: "10.5", r: "6.7"}, {d: "m15.4 15.4 5.4 5.4"}},
	"user":      {{cx: "12", cy: "8", r: "4.2"}, {d: "M4 20.8c.6-4.4 3.6-6.4 8-6.4s7.4 2 8 6.4"}},
	"check":     {{d: "m4.5 12.6 5 5L19.8 6.8"}},
	"alert":     {{d: "M12 3.2 1.9 20.6h20.2z"}, {d: "M12 9.6v5"}, {d: "M12 17.2v.6"}},
	"info":      {{cx: "12", cy: "12", r: "8.8"}, {d: "M12 11v5.6"}, {d: "M12 7.3v.6"}},
	"external":  {{d: "M13.5 4H20v6.5"}, {d: "m20 4-9 9"}, {d: "M17.5 13.5V20H4V6.5h6.5"}},
	"sign-out":  {{d: "M13.5 4H4v16h9.5"}, {d: "M9.5 12h11"}, {d: "m16.5 7.8 4.2 4.2-4.2 4.2"}},
	"mail":      {{d: "M3 5.5h18v13.4H3z"}, {d: "m3 5.5 9 7.6 9-7.6"}},
	"read":      {{d: "M3 9.6 12 3l9 6.6V20.5H3z"}, {d: "m3 9.6 9 6 9-6"}},
	"inline":    {{d: "M12 3v9.6"}, {d: "m7.8 8.6 4.2 4.2 4.2-4.2"}, {d: "M3.5 13.5v6.7h17v-6.7"}},
	"bounce":    {{d: "M3 5.5h18v8"}, {d: "m3 5.5 9 7.6 9-7.6"}, {d: "M3 5.5v13.4h9"}, {d: "m16 16.2 5 5m0-5-5 5"}},
	"close":     {{d: "m5.5 5.5 13 13m0-13-13 13"}},
	"menu":      {{d: "M3.5 6.5h17M3.5 12h17M3.5 17.5h17"}},
	"chevron":   {{d: "m6 9.5 6 6 6-6"}},
	"back":      {{d: "M14.8 5.5 8.3 12l6.5 6.5"}},
	"key":       {{cx: "8", cy: "15.8", r: "4.6"}, {d: "m11.3 12.5 9-9M16 7.8l3 3"}},
	"shield":    {{d: "M12 3 4.5 5.8v5.7c0 4.7 3 7.8 7.5 9.5 4.5-1.7 7.5-4.8 7.5-9.5V5.8z"}, {d: "m8.6 11.8 2.5 2.5 4.4-4.8"}},
	"file":      {{d: "M5 3h9l5 5v13H5z"}, {d: "M14 3v5h5"}},
	"plus":      {{d: "M12 4.5v15M4.5 12h15"}},
	"trace":     {{d: "M4 5.5h16M4 11h5.5M4 16.5h5"}, {cx: "15.2", cy: "14.8", r: "4"}, {d: "m18.2 17.8 3 3"}},
	"chart":     {{d: "M4 3.5v16.7h16.5"}, {d: "m7.5 15 4-5 3.4 2.8L20 6.5"}},
	"bulk":      {{d: "M4 5.5h16M4 11h5.5M4 16.5h5"}, {cx: "16", cy: "15.4", r: "4.8"}, {d: "m12.7 12.1 6.6 6.6"}},
	"log":       {{d: "M9 6h11.5M9 12h11.5M9 18h11.5"}, {d: "M3.5 4.5h2.8v3H3.5zM3.5 10.5h2.8v3H3.5zM3.5 16.5h2.8v3H3.5z"}, {d: "M4.9 7.5v3m0 3v3"}},
	"rules":     {{d: "m3.5 6.2 1.9 1.9 3.4-3.6M3.5 16.7l1.9 1.9 3.4-3.6"}, {d: "M12.5 6.5h8M12.5 17h8"}},
	"brand":     {{d: "M4 4h8.5L20.5 12 12 20.5 4 12.5z"}, {cx: "8.6", cy: "8.6", r: "1.7"}},
	"pulse":     {{d: "M2.5 12.5h4.2L9.6 5l4.6 14 2.9-6.5h4.4"}},
	"users":     {{cx: "9", cy: "8.2", r: "3.7"}, {d: "M2.5 20c.5-3.9 2.9-5.6 6.5-5.6s6 1.7 6.5 5.6"}, {d: "M15.6 4.8a3.7 3.7 0 0 1 0 6.8M17.6 14.8c2.4.6 3.6 2.3 4 5.2"}},
	"reply":     {{d: "M9.5 5 4 10.5 9.5 16"}, {d: "M4 10.5h9a7 7 0 0 1 7 7V20"}},
	"reply-all": {{d: "M7.2 5 1.8 10.5 7.2 16"}, {d: "M12.4 5 7 10.5l5.4 5.5"}, {d: "M7 10.5h7.6a7 7 0 0 1 7 7V20"}},
	"forward":   {{d: "m14.5 5 5.5 5.5-5.5 5.5"}, {d: "M20 10.5h-9a7 7 0 0 0-7 7V20"}},
	"copy":      {{d: "M8.5 8.5h12v12h-12z"}, {d: "M15.5 8.5v-5h-12v12h5"}},
}

// handed are the icons that point somewhere and are mirrored for right-to-left text.
var handed = map[string]bool{"sent": true, "restore": true, "external": true, "sign-out": true, "back": true,
	"trace": true, "bulk": true, "log": true, "reply": true, "reply-all": true, "forward": true}

// iconClass is the class of an icon, with or without the modifier for small text.
func iconClass(name string, small bool) string {
	class := "icon"
	if handed[name] {
		class += " icon--hand"
	}
	if small {
		class += " icon--small"
	}
	return class
}
