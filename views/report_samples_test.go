package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// reportSamples are the administrators' pages beside trace and bulk revocations.
func reportSamples(w language.Words, all map[string]templ.Component) {
	p := staffPage(w)
	p.Account.Auditor, p.Account.Admin = true, true
	chart := &Chart{
		Spoken: "Line chart, 19 to 20 November 2026.", Heights: []string{"4", "3", "2", "1", "0"}, Days: []ChartDay{{"0.0%", "19 Nov"}, {"100.0%", "20 Nov"}},
		Lines: []ChartLine{
			{Style: "1", Name: "policy", Total: "6", Path: "M0.0 50.0L1000.0 50.0", Marks: []ChartMark{{"M0.0 50.0h.01", "19 November, policy: 3"}}},
			{Style: "2", Name: "user", Total: "2", Path: "M0.0 150.0L1000.0 150.0"}, {Style: "total", Name: "total", Total: "8", Path: "M0.0 0.0L1000.0 0.0"},
		},
		Table: ChartTable{Heads: []string{"policy", "user", "total"}, Rows: []ChartRow{{"19 November", []string{"3", "1", "4"}}, {"20 November", []string{"3", "1", "4"}}}},
	}
	row := ReportRow{
		Value: "a:b", Date: at("20 Nov"), Clock: "10:42", URL: "/trace/a", Sender: ines.Address, Recipient: marta.Address,
		Subject: "Settlement agreement, third draft", Template: "Halden Law (default)", Method: "user", Status: "Revocable", RevokeURL: "/trace/a/revoke", MessageID: "<7f3c91d2.4b1e@halden.example>",
	}
	gone := row
	gone.State, gone.RevokeURL = State{Kind: StateRevoked}, ""
	report := Report{
		Page: p, Ranges: []Filter{{Name: "Last 7 days", URL: "/report?days=7", Current: true}}, From: "2026-11-14", Until: "2026-11-20",
		By: []Option{{"method", "Encryption method", true}}, CSVURL: "/report/export.csv", JSONURL: "/report/export.json", Chart: chart,
		Domains: []DomainBar{{"gmail.com", "214", "100.0%"}}, Heading: "8 messages, newest first", Zone: "CET", SelectURL: "/report?all=1&days=7", Rows: []ReportRow{row, gone},
		Shown: "Showing 2 rows.", OlderURL: "/report?before=1", RevokeChosenURL: "/bulk/chosen", ExportChosenURL: "/report/chosen.csv",
	}
	all["report"] = ReportPage(report)
	report.Chart, report.Domains, report.Rows, report.RevokeChosenURL = nil, nil, nil, ""
	all["report-nothing"] = ReportPage(report)
	all["report-wrong"] = ReportPage(Report{Page: p, From: "x", Errors: []FieldError{{"from", "Type a date, as 2026-11-20"}, {"by", "Choose"}}})

	roles := []RoleChoice{{"sender", "Sender", "sends messages", true}, {"admin", "Administrator", "manages accounts", false}}
	all["accounts"] = AccountsPage(Accounts{Page: p, Roles: roles, InviteURL: "/accounts", InviteText: "They are mailed a link.", Rows: []AccountRow{{URL: "/accounts/1", Who: ines, Roles: "Sender", State: "Enabled", Since: at("20 November")}}})
	all["accounts-wrong"] = AccountsPage(Accounts{Page: p, Roles: roles, InviteURL: "/accounts", Errors: []FieldError{{"address", "This is no address"}, {"role", "Choose a role at least"}}})
	detail := AccountDetail{Page: p, Who: ines, Note: "The roles are saved.", Facts: []Fact{{"State", "Enabled", false}}, Roles: roles, RolesURL: "/accounts/1/roles", RolesText: "They hold from the next request on.", DisableURL: "/accounts/1/disable", SignOutURL: "/accounts/1/sign-out", ResetURL: "/accounts/1/reset", ResetText: "Reset password", UnbindURL: "/accounts/1/unbind", TokensURL: "/tokens", FactorText: "Authenticator app.", FactorURL: "/accounts/1/reset-factor"}
	all["account"] = AccountPage(detail)
	programs := AppPasswords{
		Rows: []AppPasswordRow{{"Thunderbird on the laptop", at("2 November"), at("20 November 2026, 10:42 CET"), "192.0.2.7", "/account/app-passwords/1/remove"}, {Name: "Scanner", Made: at("3 November"), RemoveURL: "/account/app-passwords/2/remove"}},
		Made: &MadeAppPassword{"Scanner", "abcd-efgh-ijkl-mnop-qrst-uvwx", ines.Address}, MakeURL: "/account/app-passwords", Errors: []FieldError{{"app-proof", "This is not your password"}},
	}
	open := OpenSessions{Rows: []OpenSession{{"Firefox", "192.0.2.7", true, at("20 November 2026, 09:02 CET"), at("20 November 2026, 10:42 CET"), ""}, {"", "", false, at("19 November"), at("19 November"), "/account/sessions/1/end"}}, EndOthersURL: "/account/sessions/end-others"}
	all["security-programs"] = SecurityPage(Security{Page: p, Note: "The app password works no more.", Sections: []templ.Component{AppPasswordsSection(p.Words, programs), OpenSessionsSection(p.Words, open)}})
	detail.Sections = []templ.Component{AppPasswordsSection(p.Words, AppPasswords{}), OpenSessionsSection(p.Words, OpenSessions{})}
	factors := Factors{App: true, Codes: "2 recovery codes are left.", FewCodes: true, RemoveURL: "/account/security/app/remove", CodesURL: "/account/security/codes", Do: "remove", Error: "That is not your password"}
	all["security-app"] = SecurityPage(Security{Page: p, Note: "Done.", Sections: []templ.Component{FactorsSection(p.Words, factors)}})
	keys := &Passkeys{AddURL: "/account/security/passkeys", Name: "Laptop", Rows: []PasskeyRow{
		{Name: "Telephone", Added: at("20 Nov 2026"), Used: at("21 Nov 2026"), Do: "remove-1", RemoveURL: "/account/security/passkeys/1/remove", RenameDo: "rename-1", RenameURL: "/account/security/passkeys/1/rename"},
		{Name: "Key ring", Added: at("20 Nov 2026"), Do: "remove-2", RemoveURL: "/account/security/passkeys/2/remove", RenameDo: "rename-2", RenameURL: "/account/security/passkeys/2/rename"},
	}}
	all["security-passkeys"] = SecurityPage(Security{Page: p, Sections: []templ.Component{FactorsSection(p.Words, Factors{Passkeys: keys, Codes: "10 recovery codes are left.", CodesURL: "/account/security/codes", SetUpURL: "/account/security/app", Do: "remove-1", Error: "That is not your password"})}})
	all["security-passkey"] = AddPasskeyPage(AddPasskey{Page: p, Name: "Telephone", Make: `{"challenge":"AA"}`, URL: "/account/security/passkeys/made"})
	all["second-factor-passkey"] = SecondFactorPage(SecondFactor{Page: p, Passkeys: true, Error: "That passkey lets nobody in here"})
	all["sign-in-passkey"] = SignInPage(SignIn{Page: p, Ways: []templ.Component{PasskeyWaySection(p.Words, PasskeyWay{Next: "/compose", Error: "That passkey lets nobody in here"})}})
	all["security-set-up"] = SetUpAppPage(SetUpApp{Page: p, QR: "data:image/png;base64,", Key: "ABCD EFGH", URL: "/account/security/app", Error: "That code is not right"})
	all["security-codes"] = RecoveryCodesPage(RecoveryCodes{Page: p, Codes: []string{"ABCDE-FGHJK"}, File: "data:text/plain,ABCDE"})
	all["second-factor"] = SecondFactorPage(SecondFactor{Page: p, Next: "/sent", Error: "That code is not right"})
	all["security-prove"] = SecurityPage(Security{Page: p, Prove: Prove{"/account/security/prove", "Contoso ID"}, Sections: []templ.Component{FactorsSection(p.Words, Factors{NoPassword: true}), AppPasswordsSection(p.Words, AppPasswords{Later: true})}})
	all["security-proved"] = SecurityPage(Security{Page: p, Sections: []templ.Component{FactorsSection(p.Words, Factors{NoPassword: true, SetUpURL: "/account/security/app"}), AppPasswordsSection(p.Words, AppPasswords{MakeURL: "/x", NoPassword: true})}})
	all["security-set-up-proved"] = SetUpAppPage(SetUpApp{Page: p, QR: "data:image/png;base64,", Key: "ABCD EFGH", URL: "/account/security/app", Proof: Factors{NoPassword: true}})
	all["security"] = SecurityPage(Security{Page: p, Problem: "That is not the password.", Facts: []Fact{{"Address", ines.Address, false}}})
	detail.Note, detail.Problem, detail.RolesError, detail.EnableURL, detail.DisableURL = "", "Nothing was changed.", "Choose a role at least.", "/accounts/1/enable", ""
	all["account-refused"] = AccountPage(detail)
	all["account-ask"] = AskPage(Ask{Page: p, Heading: "Disable account?", What: "Ines Kaya is signed out.", Effects: []string{"You can enable the account again."}, Button: "Disable account", Seal: true, URL: "/accounts/1/disable", KeepURL: "/accounts/1", Keep: "Keep account", Current: "accounts", Back: "Accounts"})

	scopes := []RoleChoice{{"report", "report", "reads the encryption report", false}}
	all["tokens"] = TokensPage(Tokens{Page: p, Days: "90", Scopes: scopes, IssueURL: "/tokens", Issued: &IssuedToken{Name: "nightly", Secret: "llt_x", Until: at("20 February 2027")},
		Rows: []TokenRow{{Name: "nightly", Account: ines.Address, Scopes: "report", Until: at("20 February 2027"), State: "Works", EndURL: "/tokens/1/end"}}})
	wrong := []FieldError{{"name", "A name has 1 to 100 characters"}, {"account", "This is no address"}, {"scope", "Choose a scope at least"}}
	all["tokens-wrong"] = TokensPage(Tokens{Page: p, Scopes: scopes, IssueURL: "/tokens", Errors: wrong, Wrong: leadTo(wrong)})

	audit := Audit{Page: p, Acts: []Option{{"", "Any", true}, {"revoke", "Revoke", false}}, ExportURL: "/audit-log/export.jsonl", CheckpointsURL: "/audit-log/checkpoints.jsonl", KeyURL: "/audit-log/public-key.pem",
		Shown: "Showing 2 entries.", Zone: "CET", Rows: []AuditRow{
			{Number: "2", When: at("20 Nov 2026 10:42:07"), Who: ines.Address, Where: "192.0.2.7", What: "Revoke", Targets: []string{marta.Address}, Reason: "Lost laptop", MessageURL: "/trace/a"},
			{Number: "3", When: at("20 Nov 2026 10:42:07"), Who: ines.Address, What: "Finish a bulk revocation", Targets: []string{"Recipient: @riverside.example", "119 messages with 300 recipients", "Access removed: 117 messages"}, Reason: "Price list", BatchURL: "/bulk/1"},
			{Number: "1", When: at("20 Nov 2026 10:40:00"), Who: "the program", What: "Open the page /accounts", Refused: true, Reason: "the account has no role for this"},
		}}
	all["audit-log"] = AuditPage(audit)
	audit.Rows, audit.Who = nil, "grace"
	all["audit-log-nothing"] = AuditPage(audit)
	audit.Errors = []FieldError{{"who", "That is not a mail address"}, {"what", "Choose one of these"}, {"from", "Type a date, as 2026-11-20"}}
	all["audit-log-wrong"] = AuditPage(audit)
}
