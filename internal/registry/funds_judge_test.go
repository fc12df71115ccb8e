package registry

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"aditus/internal/access"
)

// A register is the header and some rows of a clean sample, to damage.
type register struct {
	t     *testing.T
	p     access.Profile
	comma rune
	head  []string
	rows  map[string][]string // by the first column
}

func registerOf(t *testing.T, id string) register {
	t.Helper()
	g := register{t: t, p: fundOf(t, id).Registry, rows: map[string][]string{}}
	g.comma = rune(g.p.Delimiter[0])
	r := csv.NewReader(bytes.NewReader(read(t, id+"-clean-25.csv")))
	r.Comma = g.comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	g.head = all[0]
	for _, row := range all[1:] {
		g.rows[row[0]] = row
	}
	return g
}

// row is a sound row with columns changed, given as name and value in turn.
func (g register) row(key string, changes ...string) []string {
	row := slices.Clone(g.rows[key])
	for i := 0; i < len(changes); i += 2 {
		at := slices.Index(g.head, changes[i])
		if at < 0 || row == nil {
			g.t.Fatalf("no column %s, or no row %s", changes[i], key)
		}
		row[at] = changes[i+1]
	}
	return row
}

func (g register) judge(rows ...[]string) []Result {
	g.t.Helper()
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Comma = g.comma
	if err := w.WriteAll(append([][]string{g.head}, rows...)); err != nil {
		g.t.Fatal(err)
	}
	_, got := analyse(g.t, buf.Bytes(), g.p, exported)
	return got
}

// told is what became of a row, in one line.
func told(r Result) string {
	s := []string{string(r.Outcome), strings.Join(r.Issues, "+"), r.Capability}
	if r.Entry.Held != "" {
		s = append(s, "held: "+r.Entry.Held)
	}
	for _, f := range r.Normalised {
		s = append(s, f.Column+"="+f.Value)
	}
	s = append(s, r.Ready...)
	return strings.Join(strings.Fields(strings.Join(s, " ")), " ")
}

// A register of user names, with PEC and a word on each mobile: what the sample
// has no row for.
func TestUserNames(t *testing.T) {
	g := registerOf(t, "meridiana")
	const simone = "902464"
	for _, c := range []struct {
		changes []string
		want    string
	}{
		{nil, "accept recovery"},
		{[]string{"username", ""}, "quarantine NUM_MISSING held: quarantine"},
		{[]string{"username", " 902464 "}, "normalise NUM_NORMALISE username=902464 recovery"},
		{[]string{"matricola", ""}, "accept recovery"},
		{[]string{"username", "s90002301", "matricola", ""}, "normalise NUM_NORMALISE username=S90002301 recovery"},
		{[]string{"username", "S902464"}, "quarantine USERNAME_NE_MATRICOLA held: quarantine"},
		{[]string{"username", "902464x", "matricola", ""}, "quarantine MATRICOLA_NOT_NUMERIC held: quarantine"},
		{[]string{"stato", "CANCELLATO"}, "accept"},

		{[]string{"codice_fiscale", "GZCSMN73M08H314"}, "warn CF_LENGTH eid_link_off recovery"},
		{[]string{"codice_fiscale", ""}, "warn CF_MISSING eid_link_off recovery"},
		{[]string{"data_nascita", ""}, "accept recovery"},
		{[]string{"data_nascita", "01/01/2030"}, "warn DATE_FUTURE recovery"},

		{[]string{"pec", "keine"}, "restrict PEC_INVALID pec_off recovery"},
		{[]string{"pec", "=1+1"}, "restrict FORMULA_INJECTION pec_off recovery"},
		{[]string{"pec", "PEC:x"}, "restrict PEC_INVALID pec_off recovery"},
		{[]string{"pec", "Simone.Guazuccio@PEC.example.com"}, "normalise EMAIL_NORMALISE pec=simone.guazuccio@pec.example.com recovery"},
		{[]string{"pec", "keine", "email", "keine"}, "restrict EMAIL_INVALID+PEC_INVALID+NO_EMAIL_NO_PEC recovery_off"},
		{[]string{"pec", "", "email", ""}, "restrict NO_EMAIL_NO_PEC recovery_off"},
		{[]string{"pec", ""}, "accept recovery"},
		{[]string{"email", ""}, "accept recovery"},
		{[]string{"pec", "a@example.org", "email", "a@arubapec.example"}, "warn PEC_EMAIL_SWAPPED recovery"},
		{[]string{"pec", "", "email", "a@legalmail.example"}, "accept recovery"},

		{[]string{"cellulare", "", "cell_affidabile", "N"}, "accept"},
		{[]string{"cellulare", "", "cell_affidabile", ""}, "accept"},
		{[]string{"cellulare", ""}, "restrict RELIABLE_BUT_NO_MOBILE recovery_off"},
		{[]string{"cell_affidabile", "N"}, "accept"},
		{[]string{"cell_affidabile", ""}, "restrict FLAG_BLANK recovery_off"},
		{[]string{"cell_affidabile", "boh"}, "restrict FLAG_GARBAGE recovery_off"},
		{[]string{"cell_affidabile", "sì"}, "normalise FLAG_VARIANT cell_affidabile=S recovery"},
		{[]string{"cell_affidabile", "falso"}, "normalise FLAG_VARIANT cell_affidabile=N"},
		{[]string{"cellulare", "n.d."}, "restrict MOBILE_INVALID recovery_off"},
		{[]string{"cell_fonte", "DETTO"}, "warn MOBILE_SOURCE_UNKNOWN recovery"},
		{[]string{"cell_verificato_il", "ieri"}, "warn DATE_UNREADABLE recovery"},

		// By a court's decree, and nobody's row.
		{[]string{"rappresentante_tipo", "AMMINISTRATORE_SOSTEGNO", "rappresentante_cf", "LGGSVN77M12B915U"}, "restrict ADS_EXTERNAL_GUARDIAN delegate_pending recovery"},
		{[]string{"rappresentante_tipo", "AMMINISTRATORE_SOSTEGNO", "rappresentante_cf", "LGGSVN77M12B915X"}, "warn REPRESENTATIVE_INVALID held: represented"},
		{[]string{"rappresentante_tipo", "", "rappresentante_cf", "LGGSVN77M12B915U"}, "accept held: represented"},
	} {
		if got := told(g.judge(g.row(simone, c.changes...))[0]); got != c.want {
			t.Errorf("%q: %s, want %s", c.changes, got, c.want)
		}
	}

	// A day of birth that cannot be read does not make a child grown up; a tax code
	// tells who is one.
	child := g.row("S90004902", "rappresentante_tipo", "", "rappresentante_cf", "", "data_nascita", "n.d.")
	if got := told(g.judge(child, g.row("900049"))[0]); got != "restrict DATE_IMPOSSIBLE+MINOR_NO_GUARDIAN login_blocked held: represented" {
		t.Errorf("a child without a day of birth: %s", got)
	}
	if got := told(g.judge(g.row(simone, "data_nascita", ""))[0]); got != "accept recovery" {
		t.Errorf("a grown-up without one: %s", got)
	}

	// What people share.
	const elisa = "901302"
	for _, c := range []struct {
		what       string
		rows       [][]string
		one, other string
	}{
		{"a mobile", [][]string{g.row(simone), g.row(elisa, "cellulare", "+393009399047")}, "warn SHARED_MOBILE sms_shared", "warn SHARED_MOBILE sms_shared"},
		{"a user name, in two cases", [][]string{g.row("S90002301"), g.row("S90004401", "username", "s90002301", "matricola_dante_causa", "900023"), g.row("900023")},
			"quarantine MATRICOLA_DUPLICATE held: quarantine", "quarantine NUM_NORMALISE+MATRICOLA_DUPLICATE held: quarantine username=S90002301"},
		{"a tax code", [][]string{g.row(simone), g.row(elisa, "codice_fiscale", "GZCSMN73M08H314T")},
			"warn CF_DUPLICATE_OTHER_PERSON eid_link_off recovery", "warn CF_DUPLICATE_OTHER_PERSON eid_link_off recovery"},
		{"an address, in two columns", [][]string{g.row(simone), g.row(elisa, "pec", "simone.guazuccio@example.org")}, "warn SHARED_EMAIL email_shared recovery", "warn SHARED_PEC pec_shared recovery"},
		{"an administrator who is here", [][]string{g.row(simone, "rappresentante_tipo", "AMMINISTRATORE_SOSTEGNO", "rappresentante_cf", "NZZLSE57B58G593S"), g.row(elisa)},
			"accept held: represented", "accept recovery"},
		{"a survivor, and the deceased", [][]string{g.row("S90002301"), g.row("900023")}, "accept recovery", "accept"},
		{"a survivor of nobody here", [][]string{g.row("S90002301"), g.row(simone)}, "quarantine ORPHAN_BENEFICIARY held: quarantine", "accept recovery"},
		{"two survivors of nobody here", [][]string{g.row("S90004901"), g.row("S90004902")}, "quarantine ORPHAN_BENEFICIARY held: quarantine", "quarantine ORPHAN_BENEFICIARY held: quarantine"},
	} {
		got := g.judge(c.rows...)
		if one, other := told(got[0]), told(got[1]); one != c.one || other != c.other {
			t.Errorf("%s: %s | %s, want %s | %s", c.what, one, other, c.one, c.other)
		}
		for _, r := range got {
			if off := slices.Contains(r.Issues, issueCFDuplicate); r.Entry.Record.TaxCodeOff != off {
				t.Errorf("%s: tax code off: %t", c.what, r.Entry.Record.TaxCodeOff)
			}
		}
	}

	// Each in its place, however the columns stand.
	r := g.judge(g.row(simone, "pec", "a@example.org", "email", "a@pec.example.org"))[0].Entry.Record
	if r.Email != "a@example.org" || r.PEC != "a@pec.example.org" {
		t.Errorf("swapped back to %q and %q", r.Email, r.PEC)
	}
	if login := g.judge(g.row("S90002301"), g.row("900023"))[0].Entry.Login; login != "S90002301" {
		t.Errorf("login %q", login)
	}
}

// A register of AHV numbers, with two plans and codes on statements: what the
// sample has no row for.
func TestAHVNumbers(t *testing.T) {
	g := registerOf(t, "alpina")
	const tiziano, reto = "756.0000.3325.23", "756.0000.0146.72" // in Flex, in 1e
	for _, c := range []struct {
		key     string
		changes []string
		want    string
	}{
		{tiziano, nil, "accept activation"},
		{tiziano, []string{"AHV-Nr", "7560000332523"}, "normalise AHV_NO_DOTS AHV-Nr=756.0000.3325.23 activation"},
		{tiziano, []string{"AHV-Nr", "CH 756 0000 3325 23"}, "normalise AHV_NO_DOTS AHV-Nr=756.0000.3325.23 activation"},
		{tiziano, []string{"AHV-Nr", "756.0000.3325.24"}, "quarantine AHV_CHECK held: quarantine"},
		{tiziano, []string{"AHV-Nr", "757.0000.3325.23"}, "quarantine AHV_PREFIX held: quarantine"},
		{tiziano, []string{"AHV-Nr", "756.0000.3325"}, "quarantine AHV_OLD_FORMAT held: quarantine"},
		{tiziano, []string{"AHV-Nr", "756.0000"}, "quarantine AHV_LENGTH held: quarantine"},
		{tiziano, []string{"AHV-Nr", "756.0000.3325.2A"}, "quarantine AHV_CHARSET held: quarantine"},
		{tiziano, []string{"AHV-Nr", " "}, "quarantine AHV_MISSING held: quarantine"},
		{tiziano, []string{"AHV-Nr", "7.56E+12"}, "quarantine AHV_SCIENTIFIC held: quarantine"},
		{tiziano, []string{"Plan", "flex"}, "accept activation"},
		{tiziano, []string{"Plan", ""}, "quarantine PLAN_MISSING held: quarantine"},
		{tiziano, []string{"Plan", "3a"}, "quarantine PLAN_UNKNOWN held: quarantine"},
		{tiziano, []string{"Geburtsdatum", ""}, "quarantine DATE_MISSING held: quarantine"},
		{tiziano, []string{"Geburtsdatum", "n.d."}, "quarantine DATE_IMPOSSIBLE held: quarantine"},

		{tiziano, []string{"Sprache", "it-CH"}, "normalise LANGUAGE_VARIANT Sprache=it activation"},
		{tiziano, []string{"Sprache", "Italienisch"}, "normalise LANGUAGE_VARIANT Sprache=it activation"},
		{tiziano, []string{"Sprache", "Rumantsch"}, "warn LANGUAGE_UNSUPPORTED Sprache=de activation"},
		{tiziano, []string{"Sprache", ""}, "accept activation"},

		{tiziano, []string{"Aktivierungscode", ""}, "restrict ACTIVATION_CODE_MISSING activation_off"},
		{tiziano, []string{"Aktivierungscode", "", "Leistungsausweis vom", ""}, "accept"},
		{tiziano, []string{"Leistungsausweis vom", ""}, "accept"},
		{tiziano, []string{"Aktivierungscode", "P9KE-R22Y"}, "restrict ACTIVATION_CODE_INVALID activation_off"},
		{tiziano, []string{"Aktivierungscode", "p9ke r22y ks3d"}, "accept activation"},
		{tiziano, []string{"Leistungsausweis vom", "Februar"}, "warn DATE_UNREADABLE"},

		{tiziano, []string{"Status", "ausgetreten", "Austritt", "01.03.2025"}, "accept"},
		{tiziano, []string{"Austritt", "31.12.2025"}, "accept activation"}, // announced
		{tiziano, []string{"Austritt", "29.09.2025"}, "warn LEFT_BUT_ACTIVE activation"},
		{tiziano, []string{"Austritt", "01.01.2001"}, "quarantine EXIT_BEFORE_ENTRY held: quarantine"},
		{tiziano, []string{"Vorname", "Tiziano †"}, "restrict DECEASED_IN_NAME login_blocked held: blocked"},
		{tiziano, []string{"E-Mail", "t@MUSTER-AG.test"}, "warn EMAIL_NORMALISE+EMPLOYER_EMAIL E-Mail=t@muster-ag.test activation"},
		{tiziano, []string{"E-Mail", "", "Mobile", ""}, "accept activation"},
		{tiziano, []string{"Mobile", "700635189"}, "normalise MOBILE_LEADING_ZERO_LOST Mobile=+41700635189 activation"},
		{tiziano, []string{"Mobile", "0700635189"}, "accept activation"},
		{reto, []string{"Anlagestrategie", ""}, "warn STRATEGY_MISSING_1E activation"},
		{tiziano, []string{"Anlagestrategie", ""}, "accept activation"},
	} {
		if got := told(g.judge(g.row(c.key, c.changes...))[0]); got != c.want {
			t.Errorf("%q: %s, want %s", c.changes, got, c.want)
		}
	}
	if e := g.judge(g.row(tiziano, "Austritt", "29.09.2025"))[0].Entry; e.Status != "left" || e.Record.Left != "2025-09-29" {
		t.Errorf("left, and %s on %q", e.Status, e.Record.Left)
	}

	for _, c := range []struct {
		what string
		rows [][]string
		want string // of both
	}{
		{"two plans", [][]string{g.row(tiziano), g.row(tiziano, "Plan", "1e", "Anlagestrategie", "wachstum", "Aktivierungscode", "HWB6-XNC5-H6H4")}, "accept ONE_PERSON_TWO_PLANS activation"},
		{"two plans, one code", [][]string{g.row(tiziano), g.row(tiziano, "Plan", "1e", "Anlagestrategie", "wachstum")}, "restrict ONE_PERSON_TWO_PLANS+ACTIVATION_CODE_DUPLICATE activation_off"},
		{"one plan twice", [][]string{g.row(tiziano), g.row(tiziano)}, "quarantine ONE_PERSON_TWO_PLANS+NUM_DUPLICATE+ACTIVATION_CODE_DUPLICATE activation_off held: quarantine"},
		{"two people, one number", [][]string{g.row(tiziano), g.row(reto, "AHV-Nr", tiziano, "Plan", "Flex")}, "quarantine AHV_DUPLICATE_OTHER_PERSON held: quarantine"},
	} {
		for _, r := range g.judge(c.rows...) {
			if got := told(r); got != c.want {
				t.Errorf("%s: %s, want %s", c.what, got, c.want)
			}
		}
	}
}
