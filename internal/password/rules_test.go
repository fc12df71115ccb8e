package password

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

var samuele = Person{
	Name: "Samuele", Surname: "Dall'Orto", TaxCode: "DLLSML80A31F257K", EnrolmentNo: "00908304", Birth: "1980-01-31",
	Email: "sam.dallorto@posta.example.org", Phone: "+393006220277", Fund: "Fondo Aurora", Words: []string{"Gres Esempio S.p.A."},
}

func TestCheck(t *testing.T) {
	aurora := Rules{Min: 15}
	alpina := Rules{Min: 8, Groups: 4}
	for _, c := range []struct {
		rules    Rules
		password string
		want     string
	}{
		{aurora, "ciliegia-Lampada-47-nuvola", ""},
		{aurora, "cavallo batteria graffetta", ""},
		{aurora, "il sole, il mare e la luna di Roma", ""}, // many words of the list are a sentence
		{aurora, "Xk9#mQ2$vL7!pR4", ""},
		{aurora, "savanna-Lampada-47-x", ""},

		{aurora, "", RefusedShort},
		{aurora, "ciliegia-Lampa", RefusedShort},
		{aurora, "ciliegia-Lampad", ""},
		{aurora, "密码密码密码密码密码密码密码密", RefusedCommon}, // 15 code points, two of them different
		{aurora, "春眠不覚暁処処聞啼鳥夜来風雨", RefusedShort},   // 14 code points, 42 bytes
		{aurora, "春眠不覚暁処処聞啼鳥夜来風雨声", ""},
		{aurora, "nò, perché così è", ""},
		{aurora, "lieta a\u0300e\u0300i\u0300o\u0300u\u0300 e", RefusedShort}, // counted after composing: 13
		{aurora, "😀🐈🚲🌍🍕📚🎻⛰🧦🥁🪁🛶🧭🎲🪴", ""},

		{aurora, strings.Repeat("lampada e nuvola", 16), ""},
		{aurora, strings.Repeat("lampada e nuvola", 16) + "x", RefusedLong},
		{aurora, strings.Repeat("é", 129), RefusedLong},
		{aurora, strings.Repeat("x", 1<<20), RefusedLong},
		{Rules{Min: 15, MaxBytes: 64}, strings.Repeat("lampada e nuvola", 4) + "x", RefusedLong},
		{Rules{Min: 15, MaxBytes: 9999}, strings.Repeat("lampada e nuvola", 16) + "x", RefusedLong},

		{alpina, "kQ7#vm2p", ""},
		{alpina, "kq7#vm2p", RefusedGroups},
		{alpina, "kQx#vmyp", RefusedGroups},
		{alpina, "kQ7xvm2p", RefusedGroups},
		{alpina, "KQ7#VM2P", RefusedGroups},
		{alpina, "ñÑ7 vm2p", ""}, // a blank is a character like others
		{Rules{Min: 8, Groups: 3}, "kQ7xvm2p", ""},
		{Rules{Min: 8}, "kqxzvmyp", ""},

		{aurora, "DLLSML80A31F257K", RefusedPersonal},
		{aurora, "la mia è dllsml80a31f257k lampada", RefusedPersonal},
		{aurora, "lampada 00908304 nuvola", RefusedPersonal},
		{aurora, "lampada 908.304 nuvola", RefusedPersonal},
		{aurora, "lampada 300 622 0277 nuvola", RefusedPersonal},
		{aurora, "SamueleDallOrto", RefusedPersonal},
		{aurora, "Samuele31011980", RefusedPersonal},
		{aurora, "samuele.1980.samuele!", RefusedPersonal},
		{aurora, "S4mu3l3-1980-S4mu3l3", RefusedPersonal},
		{aurora, "Fondo-Aurora-2026!", RefusedPersonal},
		{aurora, "FondoAuroraFondoAurora", RefusedPersonal},
		{aurora, "password-Aurora-2026", RefusedPersonal},
		{aurora, "sam.dallorto@posta", RefusedPersonal},
		{aurora, "GresEsempio2026!", RefusedPersonal},
		{aurora, "Samuele ama il gelato al pistacchio", ""}, // the name is not the main part

		{aurora, "aaaaaaaaaaaaaaa", RefusedCommon},
		{aurora, "!!!!!!!!!!!!!!!!!", RefusedCommon},
		{aurora, "abcabcabcabcabcabc", RefusedCommon},
		{aurora, "123456789012345", RefusedCommon},
		{aurora, "987654321098765", RefusedCommon},
		{aurora, "qwertyuiopasdfghjkl", RefusedCommon},
		{aurora, "azertyuiopqsdfghjklm", RefusedCommon},
		{aurora, "qwertzuiop123456", RefusedCommon},
		{aurora, "abcdefghijklmnop", RefusedCommon},
		{aurora, "passwordpassword", RefusedCommon},
		{aurora, "Password123456789!", RefusedCommon},
		{aurora, "P@ssw0rd-P@ssw0rd", RefusedCommon},
		{aurora, "lampadalampadalampada", RefusedCommon},
		{aurora, "Correct horse battery staple!", RefusedCommon},
		{aurora, "francescototti10", RefusedCommon},
		{aurora, "forza napoli 1926!", RefusedCommon},
		{aurora, "Motdepasse-2026-!", RefusedCommon},
		{aurora, "Sonnenschein2026!", RefusedCommon},
		{aurora, "Benvenuto Benvenuto", RefusedCommon},
		{Rules{Min: 8}, "Sommer2026!", RefusedCommon},
		{Rules{Min: 8}, "Março2026!", RefusedCommon},
		{Rules{Min: 8}, "Février2026!", RefusedCommon},
		{Rules{Min: 8}, "ZUERICH!", RefusedCommon},
	} {
		if got := Check(c.rules, c.password, samuele); got != c.want {
			t.Errorf("%.50q: got %q, want %q", c.password, got, c.want)
		}
	}
}

// What is not known of a person must refuse nothing.
func TestCheckOfNobody(t *testing.T) {
	for _, p := range []Person{{}, {Name: "A", Surname: "B", TaxCode: "x", EnrolmentNo: "0", Birth: "-", Email: "@", Phone: "+", Fund: "-", Words: []string{""}}} {
		if got := Check(Rules{Min: 15}, "ciliegia-Lampada-47-nuvola", p); got != "" {
			t.Errorf("%+v: %q", p, got)
		}
	}
}

// A short name or a word of the list inside an honest passphrase is no reason.
func TestHonestPassphrases(t *testing.T) {
	for _, password := range []string{
		"tre gatti sul tetto", "quando piove leggo libri", "mein Fahrrad hat drei Gänge", "la baleine nage au nord",
		"7 montagne, 2 laghi, 1 zaino", "Wolken-ziehen-nach-Osten", "chi dorme non piglia pesci",
		"tortellini.brodo.domenica", "un vélo rouge sous la pluie",
	} {
		if got := Check(Rules{Min: 15}, password, samuele); got != "" {
			t.Errorf("%q: %s", password, got)
		}
	}
}

func TestCommonListIsFolded(t *testing.T) {
	if len(commonWords()) < 300 {
		t.Errorf("only %d words", len(commonWords()))
	}
	for _, w := range commonWords() {
		if fold(w) != w {
			t.Errorf("%q is not as texts are folded (%q): it can never match", w, fold(w))
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("ciliegia-Lampada-47-nuvola", "Samuele", "1980-01-31", 15, 0)
	f.Add("Fondo-Aurora-2026!", "Noè", "", 8, 4)
	f.Add("e\u0301\u0323\xff\x00", "\xff", "----", 0, 9)
	f.Fuzz(func(t *testing.T, password, name, birth string, least, groups int) {
		rules := Rules{Min: least, Groups: groups}
		person := Person{Name: name, Birth: birth, Fund: "Fondo Aurora"}
		got := Check(rules, password, person)
		switch got {
		case "", RefusedShort, RefusedLong, RefusedGroups, RefusedPersonal, RefusedCommon:
		default:
			t.Errorf("no such refusal: %q", got)
		}
		// However it was typed, it is one password: the same verdict, but for the
		// length of what was typed.
		if other := Check(rules, norm.NFD.String(password), person); other != got && len(norm.NFD.String(password)) <= maxTyped && len(password) <= maxTyped {
			t.Errorf("composed %q, decomposed %q", got, other)
		}
	})
}
