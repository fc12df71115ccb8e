package registry

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aditus/internal/access"
)

// one is the result of a file of one row.
func one(t *testing.T, s sample, p access.Profile) Result {
	t.Helper()
	_, got := analyse(t, file(s.row()), p, exported)
	if len(got) != 1 {
		t.Fatalf("%d results", len(got))
	}
	return got[0]
}

// What becomes of one damaged value. Several faults at once take the gravest
// outcome.
func TestRecord(t *testing.T) {
	p := aurora(t)
	for _, c := range []struct {
		change     []string // column, value
		outcome    Outcome
		issues     string
		capability string
		fixed      string // of the first column
	}{
		{nil, Accept, "", "", ""},

		{[]string{"NUM_ISCRIZIONE", ""}, Quarantine, "NUM_MISSING", "", ""},
		{[]string{"NUM_ISCRIZIONE", "900001"}, Normalise, "LEADING_ZEROS_LOST", "", "00900001"},
		{[]string{"NUM_ISCRIZIONE", " 00900001\xa0"}, Normalise, "NUM_NORMALISE", "", "00900001"},
		{[]string{"NUM_ISCRIZIONE", "O0900001"}, Quarantine, "NUM_FORMAT", "", ""},
		{[]string{"NUM_ISCRIZIONE", "000900001"}, Quarantine, "NUM_FORMAT", "", ""},
		{[]string{"NUM_ISCRIZIONE", "00000000"}, Quarantine, "NUM_FORMAT", "", ""},
		{[]string{"NUM_ISCRIZIONE", "=00900001"}, Quarantine, "NUM_FORMAT", "", ""},

		{[]string{"CODICE_FISCALE", " "}, Quarantine, "CF_MISSING", "", ""},
		{[]string{"CODICE_FISCALE", "VLDDNL97A25E289P"}, Quarantine, "CF_CHECK", "", ""},
		{[]string{"CODICE_FISCALE", "VLDDNL97A25E289"}, Quarantine, "CF_LENGTH", "", ""},
		{[]string{"CODICE_FISCALE", "VLDDNL97A25E28_O"}, Quarantine, "CF_CHARSET", "", ""},
		{[]string{"CODICE_FISCALE", "VLDDNL97G25E289O"}, Quarantine, "CF_FORMAT", "", ""},
		{[]string{"CODICE_FISCALE", "BNCLCU74D33L219A"}, Quarantine, "CF_DATE", "", ""},
		{[]string{"CODICE_FISCALE", "01234567890"}, Quarantine, "CF_PROVISIONAL", "", ""},
		{[]string{"CODICE_FISCALE", "vlddnl97a25e289o"}, Normalise, "CF_NORMALISE", "", "VLDDNL97A25E289O"},
		{[]string{"COGNOME", "Verdi"}, Warn, "CF_NAME_MISMATCH", "", ""},
		{[]string{"SESSO", "F"}, Warn, "CF_SEX_MISMATCH", "", ""},
		{[]string{"SESSO", "X"}, Warn, "SEX_UNKNOWN", "", ""},
		{[]string{"DATA_NASCITA", "26/01/1997"}, Warn, "CF_BIRTHDATE_MISMATCH", "", ""},

		{[]string{"COGNOME", ""}, Quarantine, "SURNAME_MISSING", "", ""},
		{[]string{"COGNOME", "  Valdesini "}, Normalise, "WHITESPACE", "", "Valdesini"},
		{[]string{"COGNOME", "Valdes?ni"}, Warn, "REPLACEMENT_CHAR", "", ""},
		{[]string{"COGNOME", "Valdes\x8dni"}, Warn, "UNDEFINED_BYTE_0x8D", "", ""},
		{[]string{"COGNOME", "Valdes\x01ini"}, Warn, "CONTROL_CHARACTER", "", "Valdesini"},
		{[]string{"COGNOME", "Vald\xc3\xa9sini"}, Normalise, "MOJIBAKE", "", "Valdésini"},
		{[]string{"COGNOME", "V\xc3\xa9rdi"}, Warn, "MOJIBAKE", "", ""}, // mended, it would still be somebody else
		{[]string{"COGNOME", "Vald\xe8\xe9sini"}, Accept, "", "", ""},   // two accents are no mojibake
		{[]string{"COMUNE", "Forl\xc3\xac"}, Normalise, "MOJIBAKE", "", "Forlì"},
		{[]string{"NOME", "=1+1"}, Warn, "FORMULA_INJECTION CF_NAME_MISMATCH", "", ""},
		{[]string{"INDIRIZZO", "@SUM(A1)"}, Warn, "FORMULA_INJECTION", "", ""},
		{[]string{"INDIRIZZO", "+1"}, Warn, "FORMULA_INJECTION", "", ""},
		{[]string{"INDIRIZZO", "-"}, Accept, "", "", ""},
		{[]string{"INDIRIZZO", "Via Roma 3\nscala C"}, Accept, "QUOTED_NEWLINE", "", ""},
		{[]string{"INDIRIZZO", "Via Roma; 3"}, Accept, "QUOTED_SEPARATOR", "", ""},
		{[]string{"INDIRIZZO", `Via "Roma" 3`}, Accept, "", "", ""},
		{[]string{"NOME", "Daniele\nIo"}, Normalise, "QUOTED_NEWLINE WHITESPACE", "", "Daniele Io"},
		{[]string{"COD_AZIENDA", strings.Repeat("A", 300)}, Warn, "VALUE_TOO_LONG", "", strings.Repeat("A", 200)},

		{[]string{"DATA_NASCITA", ""}, Quarantine, "DATE_MISSING", "", ""},
		{[]string{"DATA_NASCITA", "31/02/1997"}, Quarantine, "DATE_IMPOSSIBLE", "", ""},
		{[]string{"DATA_NASCITA", "00/00/0000"}, Quarantine, "DATE_IMPOSSIBLE", "", ""},
		{[]string{"DATA_NASCITA", "1997"}, Quarantine, "DATE_IMPOSSIBLE", "", ""},
		{[]string{"DATA_NASCITA", "25 gennaio 1997"}, Quarantine, "DATE_IMPOSSIBLE", "", ""},
		{[]string{"DATA_NASCITA", "25/01/1797"}, Quarantine, "DATE_IMPOSSIBLE", "", ""},
		{[]string{"DATA_NASCITA", "01/01/1900"}, Quarantine, "DATE_DEFAULT_1900", "", ""},
		{[]string{"DATA_NASCITA", "25/01/2097"}, Quarantine, "DATE_FUTURE", "", ""},
		{[]string{"DATA_NASCITA", "1997-01-25"}, Normalise, "DATE_ISO", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "25/01/1997 00:00:00"}, Normalise, "DATE_WITH_TIME", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "1997-01-25T00:00:00Z"}, Normalise, "DATE_ISO", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "25/1/1997"}, Normalise, "DATE_NO_ZERO_PAD", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "25.01.1997"}, Normalise, "DATE_SEPARATOR", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "01/25/1997"}, Normalise, "DATE_US_ORDER", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "01/26/1997"}, Quarantine, "DATE_IMPOSSIBLE", "", ""}, // the tax code does not confirm it
		{[]string{"DATA_NASCITA", "35455"}, Normalise, "DATE_EXCEL_SERIAL", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "25/01/97"}, Normalise, "DATE_TWO_DIGIT_YEAR", "", "25/01/1997"},
		{[]string{"DATA_NASCITA", "25/01/05"}, Warn, "DATE_TWO_DIGIT_YEAR CF_BIRTHDATE_MISMATCH", "", "25/01/2005"}, // nobody is 120
		{[]string{"DATA_NASCITA", "25/01/20"}, Quarantine, "DATE_CENTURY_UNKNOWN", "", ""},
		{[]string{"DATA_NASCITA", " 25/01/1997"}, Normalise, "WHITESPACE", "", "25/01/1997"},
		{[]string{"DATA_ADESIONE", "some day"}, Warn, "DATE_UNREADABLE", "", ""},
		{[]string{"DATA_ADESIONE", "2023-07-19"}, Normalise, "DATE_ISO", "", "19/07/2023"},

		{[]string{"EMAIL", "a@@example.org"}, Restrict, "EMAIL_INVALID", "email_off", ""},
		{[]string{"EMAIL", "=HYPERLINK(\"x.invalid\")"}, Restrict, "FORMULA_INJECTION", "email_off", ""},
		{[]string{"EMAIL", "+1@example.org"}, Restrict, "FORMULA_INJECTION", "email_off", ""},
		{[]string{"EMAIL", "MAILTO:A.B@Example.org "}, Normalise, "EMAIL_NORMALISE", "", "a.b@example.org"},
		{[]string{"EMAIL", "a@posta.invalid"}, Accept, "BOUNCING_EMAIL", "", ""},
		{[]string{"EMAIL", "a@example.org\r\nBcc: b@example.org"}, Restrict, "QUOTED_NEWLINE EMAIL_INVALID", "email_off", ""},
		{[]string{"EMAIL", ""}, Accept, "", "", ""},

		{[]string{"CELLULARE", "+393007029455"}, Accept, "", "", ""},
		{[]string{"CELLULARE", "300 702 9455"}, Normalise, "MOBILE_FORMAT", "", "+393007029455"},
		{[]string{"CELLULARE", "0033 6 39 98 54 92"}, Normalise, "FOREIGN_MOBILE", "", "+33639985492"},
		{[]string{"CELLULARE", "0536 007378"}, Restrict, "LANDLINE_AS_MOBILE", "sms_off", ""},
		{[]string{"CELLULARE", "+39 06 1234 5678"}, Restrict, "LANDLINE_AS_MOBILE", "sms_off", ""},
		{[]string{"CELLULARE", "0536 0"}, Restrict, "MOBILE_INVALID", "sms_off", ""},
		{[]string{"CELLULARE", "0536 00737 8899"}, Restrict, "MOBILE_INVALID", "sms_off", ""},
		{[]string{"CELLULARE", "n.d."}, Restrict, "MOBILE_INVALID", "sms_off", ""},
		{[]string{"CELLULARE", "30O7029455"}, Restrict, "MOBILE_INVALID", "sms_off", ""},
		{[]string{"CELLULARE", "=1"}, Restrict, "FORMULA_INJECTION", "sms_off", ""},
		{[]string{"CELLULARE", ""}, Accept, "", "", ""},
		{[]string{"EMAIL", "", "CELLULARE", ""}, Restrict, "NO_CHANNEL", "channel_none", ""},
		{[]string{"EMAIL", "keine", "CELLULARE", ""}, Restrict, "EMAIL_INVALID NO_CHANNEL", "channel_none", ""},
		{[]string{"EMAIL", "keine", "CELLULARE", "n.d."}, Restrict, "EMAIL_INVALID MOBILE_INVALID NO_CHANNEL", "channel_none", ""},

		{[]string{"STATO", "attivo"}, Accept, "", "", ""},
		{[]string{"STATO", "FUORI"}, Restrict, "STATUS_UNKNOWN", "login_blocked", ""},
		{[]string{"STATO", ""}, Restrict, "STATUS_UNKNOWN", "login_blocked", ""},
		{[]string{"STATO", "DECEDUTO"}, Restrict, "DECEASED_NO_DATE", "login_blocked", ""},
		{[]string{"STATO", "DECEDUTO", "DATA_DECESSO", "01/02/2025"}, Accept, "", "", ""},
		{[]string{"DATA_DECESSO", "01/02/2025"}, Restrict, "DECEASED_STATUS_ACTIVE", "login_blocked", ""},
		{[]string{"DATA_DECESSO", "soon"}, Restrict, "DATE_UNREADABLE DECEASED_STATUS_ACTIVE", "login_blocked", ""},
		{[]string{"DATA_DECESSO", "01/02/2025", "EMAIL", "", "CELLULARE", ""}, Restrict, "DECEASED_STATUS_ACTIVE", "login_blocked", ""},
		{[]string{"CF_RAPPRESENTANTE", "VLDDNL97A25E289P"}, Warn, "REPRESENTATIVE_INVALID", "", ""},
		{[]string{"CF_RAPPRESENTANTE", "cntptr60m18i462d", "EMAIL", "", "CELLULARE", ""}, Normalise, "CF_NORMALISE", "", "CNTPTR60M18I462D"},

		{[]string{"DATA_NASCITA", "1997-01-25", "SESSO", "F"}, Warn, "DATE_ISO CF_SEX_MISMATCH", "", "25/01/1997"},
		{[]string{"EMAIL", "keine", "SESSO", "F"}, Restrict, "CF_SEX_MISMATCH EMAIL_INVALID", "email_off", ""},
		{[]string{"DATA_NASCITA", "31/02/1997", "EMAIL", "keine"}, Quarantine, "DATE_IMPOSSIBLE EMAIL_INVALID", "email_off", ""},
	} {
		r := one(t, sound().with(c.change...), p)
		if r.Outcome != c.outcome || strings.Join(r.Issues, " ") != c.issues || r.Capability != c.capability {
			t.Errorf("%q: %s %v %q, want %s %s %q", c.change, r.Outcome, r.Issues, r.Capability, c.outcome, c.issues, c.capability)
		}
		fixed := ""
		if len(r.Normalised) > 0 && r.Normalised[0].Column == c.change[0] {
			fixed = r.Normalised[0].Value
		}
		if fixed != c.fixed {
			t.Errorf("%q: mended to %v, want %q", c.change, r.Normalised, c.fixed)
		}
		held := map[bool]string{true: "quarantine"}[c.outcome == Quarantine]
		switch {
		case held != "":
		case slices.Contains(c.change, "CF_RAPPRESENTANTE"):
			held = "represented"
		case strings.Contains(c.issues, "STATUS_UNKNOWN"):
			held = "blocked"
		}
		if r.Entry.Held != held {
			t.Errorf("%q: held %q, want %q", c.change, r.Entry.Held, held)
		}
	}
}

// A child without anybody to act for it does not come in; with somebody, that
// person does.
func TestMinor(t *testing.T) {
	child := sound().with("NUM_ISCRIZIONE", "00900394", "CODICE_FISCALE", "DLSDGI08T22I370F", "COGNOME", "Delasco", "NOME", "Diego", "DATA_NASCITA", "22/12/2008")
	r := one(t, child, aurora(t))
	if r.Outcome != Restrict || !slices.Equal(r.Issues, []string{"MINOR_NO_GUARDIAN"}) || r.Entry.Held != access.HeldRepresented {
		t.Errorf("%s %v, held %q", r.Outcome, r.Issues, r.Entry.Held)
	}
	_, got := analyse(t, file(child.row()), aurora(t), exported.AddDate(2, 0, 0))
	if got[0].Outcome != Accept {
		t.Errorf("grown up: %s %v", got[0].Outcome, got[0].Issues)
	}
	r = one(t, child.with("CF_RAPPRESENTANTE", "LFSNCL77E21I903R", "EMAIL", "", "CELLULARE", ""), aurora(t))
	if r.Outcome != Accept || r.Entry.Held != "represented" || r.Entry.Record.Representative != "LFSNCL77E21I903R" || r.Channels != "" {
		t.Errorf("%s %v, held %q, channels %q", r.Outcome, r.Issues, r.Entry.Held, r.Channels)
	}
}

// What two or more records share.
func TestRepeated(t *testing.T) {
	p := aurora(t)
	results := func(rows ...sample) (outcomes, issues string, got []Result) {
		var lines []string
		for _, s := range rows {
			lines = append(lines, s.row())
		}
		_, got = analyse(t, file(lines...), p, exported)
		for _, r := range got {
			outcomes += string(r.Outcome) + " "
			issues += strings.Join(r.Issues, "+") + " "
		}
		return outcomes, issues, got
	}
	many := func(n int, change ...string) (rows []sample) {
		codes := []string{"TSSFRC86P04I538J", "FBBTMS64B09D237H", "DLLRFL59T06D711F", "RVRMRT93M27B893R", "MRZBRN55P12I191U"}
		for i := range n {
			s := sound().with("NUM_ISCRIZIONE", "0090100"+string(rune('0'+i)), "CODICE_FISCALE", codes[i], "COGNOME", []string{"Tassallo", "Fabbronati", "Delelletti", "Ravorlini", "Marzardi"}[i],
				"NOME", []string{"Federico", "Tommaso", "Raffaele", "Umberto", "Bruno"}[i], "DATA_NASCITA", []string{"04/09/1986", "09/02/1964", "06/12/1959", "27/08/1993", "12/09/1955"}[i],
				"EMAIL", "p"+string(rune('0'+i))+"@example.org", "CELLULARE", "300100000"+string(rune('0'+i)))
			rows = append(rows, s.with(change...))
		}
		return rows
	}
	for _, c := range []struct {
		what             string
		rows             []sample
		outcomes, issues string
	}{
		{"two people", []sample{sound(), other()}, "accept accept ", "  "},
		{"one number", []sample{sound(), other().with("NUM_ISCRIZIONE", "00900001")}, "quarantine quarantine ", "NUM_DUPLICATE NUM_DUPLICATE "},
		{"one number, once without zeros", []sample{sound(), other().with("NUM_ISCRIZIONE", "900001")}, "quarantine quarantine ", "NUM_DUPLICATE LEADING_ZEROS_LOST+NUM_DUPLICATE "},
		{"the same row twice", []sample{sound(), sound()}, "quarantine quarantine ", "NUM_DUPLICATE+SAME_PERSON_TWO_POSITIONS NUM_DUPLICATE+SAME_PERSON_TWO_POSITIONS "},
		{"two positions", []sample{sound(), sound().with("NUM_ISCRIZIONE", "00900002", "STATO", "LIQUIDATO")}, "accept accept ", "SAME_PERSON_TWO_POSITIONS SAME_PERSON_TWO_POSITIONS "},
		{"two positions, one name damaged", []sample{sound(), sound().with("NUM_ISCRIZIONE", "00900002", "COGNOME", "VALDESINI", "DATA_NASCITA", "1997-01-25")}, "accept normalise ", "SAME_PERSON_TWO_POSITIONS SAME_PERSON_TWO_POSITIONS+DATE_ISO "},
		{"two positions, one birth unreadable", []sample{sound(), sound().with("NUM_ISCRIZIONE", "00900002", "DATA_NASCITA", "n.d.")}, "accept quarantine ", "SAME_PERSON_TWO_POSITIONS SAME_PERSON_TWO_POSITIONS+DATE_IMPOSSIBLE "},
		{"one code, two people", []sample{sound(), other().with("CODICE_FISCALE", "VLDDNL97A25E289O")}, "quarantine quarantine ", "CF_DUPLICATE_OTHER_PERSON CF_DUPLICATE_OTHER_PERSON "},
		{"one code, once in small letters", []sample{sound(), other().with("CODICE_FISCALE", "vlddnl97a25e289o")}, "quarantine quarantine ", "CF_DUPLICATE_OTHER_PERSON CF_NORMALISE+CF_DUPLICATE_OTHER_PERSON "},
		{"one e-mail", []sample{sound(), other().with("EMAIL", "Daniele.Valdesini@example.org")}, "warn warn ", "SHARED_EMAIL EMAIL_NORMALISE+SHARED_EMAIL "},
		{"one mobile, written in two ways", []sample{sound(), other().with("CELLULARE", "+39 300 702 9455")}, "warn warn ", "SHARED_MOBILE MOBILE_FORMAT+SHARED_MOBILE "},
		{"three people with one e-mail", many(3, "EMAIL", "famiglia@example.org"), "warn warn warn ", "SHARED_EMAIL SHARED_EMAIL SHARED_EMAIL "},
		{"four are an office", many(4, "EMAIL", "noi@example.org"), "warn warn warn warn ", strings.Repeat("GENERIC_MAILBOX ", 4)},
		{"two, at an office's address", many(2, "EMAIL", "hr@example.org"), "warn warn ", strings.Repeat("GENERIC_MAILBOX ", 2)},
		{"five with one mobile", many(5, "CELLULARE", "3001112223"), strings.Repeat("restrict ", 5), strings.Repeat("DESK_MOBILE_ON_MANY ", 5)},
		{"rows that are refused do not count", []sample{sound(), other().with("EMAIL", "daniele.valdesini@example.org", "CAP", "01033\x00")}, "accept reject ", " NUL_BYTE "},
	} {
		if outcomes, issues, got := results(c.rows...); outcomes != c.outcomes || issues != c.issues {
			t.Errorf("%s: %s%s, want %s%s", c.what, outcomes, issues, c.outcomes, c.issues)
		} else if strings.HasPrefix(c.issues, "GENERIC") && (!got[0].Entry.Record.EmailOff || got[0].Entry.Record.Email == "" || got[0].Channels != ChannelsSMS || got[0].Capability != "email_off_for_otp") {
			t.Errorf("%s: e-mail %q off %v, channels %q, capability %q", c.what, got[0].Entry.Record.Email, got[0].Entry.Record.EmailOff, got[0].Channels, got[0].Capability)
		}
	}
}

// A profile can rename an issue, change what it does, and leave it out.
func TestProfileIssues(t *testing.T) {
	p := aurora(t)
	p.Issues = map[string]access.ProfileIssue{
		"EMAIL_INVALID":   {Outcome: "warn", Capability: "-"},
		"NUM_DUPLICATE":   {As: "MATRICOLA_DUPLICATE"},
		"CF_SEX_MISMATCH": {Off: true},
		"CF_CHECK":        {Outcome: "warn", Capability: "eid_link_off"},
	}
	for _, c := range []struct {
		s          sample
		outcome    Outcome
		issues     string
		capability string
	}{
		{sound().with("EMAIL", "keine"), Warn, "EMAIL_INVALID", ""},
		{sound().with("SESSO", "F"), Accept, "", ""},
		{sound().with("CODICE_FISCALE", "VLDDNL97A25E289P"), Warn, "CF_CHECK", "eid_link_off"},
	} {
		if r := one(t, c.s, p); r.Outcome != c.outcome || strings.Join(r.Issues, " ") != c.issues || r.Capability != c.capability {
			t.Errorf("%s %v %q, want %s %s %q", r.Outcome, r.Issues, r.Capability, c.outcome, c.issues, c.capability)
		}
	}
	_, got := analyse(t, file(sound().row(), other().with("NUM_ISCRIZIONE", "00900001").row()), p, exported)
	if !slices.Equal(got[0].Issues, []string{"MATRICOLA_DUPLICATE"}) {
		t.Errorf("issues %v", got[0].Issues)
	}

	p.Issues["SHOE_SIZE"] = access.ProfileIssue{Off: true}
	if bad := ProfileProblems(&p); len(bad) != 1 || bad[0].Key != "issues.SHOE_SIZE" {
		t.Errorf("problems %v", bad)
	}
	if _, err := Analyse(t.Context(), bytes.NewReader(nil), 0, p, exported); err == nil {
		t.Error("a profile with a problem is used")
	}
	p = aurora(t)
	p.Fiction = false
	if r := one(t, sound(), p); !slices.Equal(r.Issues, []string{"MOBILE_INVALID"}) {
		t.Errorf("an invented number passes in earnest: %v", r.Issues)
	}
}

// What only a file in UTF-8 can hold.
func TestUTF8(t *testing.T) {
	p := aurora(t)
	p.Encoding = "utf-8"
	for _, c := range []struct {
		column, value string
		outcome       Outcome
		issues, fixed string
	}{
		{"COMUNE", "Forlì", Accept, "", ""},
		{"COMUNE", "Forli\u0300", Normalise, "UNICODE_NFD", "Forlì"},
		{"COMUNE", "For\u200bli", Normalise, "ZERO_WIDTH", "Forli"},
		{"COMUNE", "\u202eilroF", Normalise, "ZERO_WIDTH", "ilroF"}, // it would be read backwards
		{"COMUNE", "ForlÃ¬", Normalise, "MOJIBAKE", "Forlì"},
		{"COMUNE", "Forl\xec", Warn, "INVALID_UTF8", ""},
		{"COMUNE", "Forl\uFFFD", Warn, "REPLACEMENT_CHAR", ""},
		{"COMUNE", "Forl\u0085i", Normalise, "WHITESPACE", "Forl i"},
		{"COMUNE", "Forl\u009bi", Warn, "CONTROL_CHARACTER", "Forli"},
		{"EMAIL", "a\u200b@example.org", Normalise, "ZERO_WIDTH", "a@example.org"},
		{"EMAIL", "a@EXAMPLE\u3002org", Normalise, "EMAIL_NORMALISE", "a@example.org"},
		{"EMAIL", "а@example.org", Restrict, "EMAIL_INVALID", ""}, // a Cyrillic letter
		{"CODICE_FISCALE", "VLDDNL97A25E289O\u200b", Normalise, "ZERO_WIDTH", "VLDDNL97A25E289O"},
		{"CODICE_FISCALE", "VLDDNL９７A25E289O", Quarantine, "CF_CHARSET", ""},
		{"NUM_ISCRIZIONE", "００９００００１", Quarantine, "NUM_FORMAT", ""},
		{"CELLULARE", "３００７０２９４５５", Restrict, "MOBILE_INVALID", ""},
		{"DATA_NASCITA", "２５/01/1997", Quarantine, "DATE_IMPOSSIBLE", ""},
	} {
		r := one(t, sound().with(c.column, c.value), p)
		fixed := ""
		if len(r.Normalised) > 0 {
			fixed = r.Normalised[0].Value
		}
		if r.Outcome != c.outcome || strings.Join(r.Issues, " ") != c.issues || fixed != c.fixed {
			t.Errorf("%s %q: %s %v %q, want %s %s %q", c.column, c.value, r.Outcome, r.Issues, fixed, c.outcome, c.issues, c.fixed)
		}
	}
}

// A key that is no number, and a login that is another column.
func TestProfileKey(t *testing.T) {
	p := aurora(t)
	p.Key.Digits, p.Login = 0, "enrolment_no"
	r := one(t, sound().with("NUM_ISCRIZIONE", "AB-1"), p)
	if r.Outcome != Accept || r.Entry.Number != "AB-1" || r.Entry.Login != "AB-1" {
		t.Errorf("%s %v: number %q, login %q", r.Outcome, r.Issues, r.Entry.Number, r.Entry.Login)
	}
	p.Login = "email"
	if r := one(t, sound(), p); r.Entry.Login != "daniele.valdesini@example.org" {
		t.Errorf("login %q", r.Entry.Login)
	}
	// Nobody is known by nothing: such rows would all be one person.
	if r := one(t, sound().with("EMAIL", ""), p); r.Outcome != Quarantine || !slices.Equal(r.Issues, []string{"EMAIL_MISSING"}) || r.Entry.Held != "quarantine" {
		t.Errorf("without a login: %s %v, held %q", r.Outcome, r.Issues, r.Entry.Held)
	}
}

// The same values are found again over a whole file, however full the bits are.
func TestRepeats(t *testing.T) {
	r := newRepeats(0)
	value := func(i int) uint64 { return r.hash(spaceMail, strconv.Itoa(i)) }
	const n = 100_000 // more values than bits
	read := func(meet func(h uint64, who func() uint32)) {
		for i := range n {
			meet(value(i), func() uint32 { return uint32(i) })
		}
		for i := 0; i < n; i += 10 { // each tenth again, by somebody else
			meet(value(i), func() uint32 { return uint32(i + 1) })
		}
		for i := 0; i < n; i += 100 { // each hundredth a third time, by the first
			meet(value(i), func() uint32 { return uint32(i) })
		}
		for i := range 50 { // and one by fifty
			meet(value(7), func() uint32 { return uint32(n + i) })
		}
	}
	read(r.note)
	r.turn()
	for range 2 { // the second reading can be had again
		r.again()
		at := map[uint64]int{}
		for i := range n {
			at[value(i)] = i
		}
		read(func(h uint64, who func() uint32) {
			records, people := r.see(h, who)
			switch i := at[h]; {
			case i == 7:
				if people < 16 || records < 16 {
					t.Fatalf("value 7: %d records, %d people", records, people)
				}
			case i%100 == 0 && (records != 3 || people != 2),
				i%10 == 0 && i%100 != 0 && (records != 2 || people != 2),
				i%10 != 0 && (records != 1 || people != 1):
				t.Fatalf("value %d: %d records, %d people", i, records, people)
			}
		})
	}
}
