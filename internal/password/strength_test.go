package password

import (
	"testing"
)

// ursula is somebody at a Swiss fund, whose members sign in with their e-mail.
var ursula = Person{
	Name: "Ursula", Surname: "Brunner-Favre", TaxCode: "756.9217.0769.85", EnrolmentNo: "4410927", Birth: "1982-03-21",
	Email: "u.brunner@posta.example.org", Phone: "+41791234567", UserName: "ubrunner82",
	Fund: "Fondation Alpina", Host: "flex.alpina-vorsorge.example", Words: []string{"Uhrenfabrik Beispiel AG"},
}

// Fifty that a careful person may well choose: no rule may stand in their way.
var goodPasswords = []string{
	"ciliegia-Lampada-47-nuvola", "cavallo batteria graffetta", "tre gatti sul tetto", "quando piove leggo libri",
	"il treno delle sette parte tardi", "mia nonna cucinava le lenticchie", "zucchine ripiene al forno",
	"ho perso gli occhiali in soffitta", "Ventisette gradini fino al mare", "la barca verde dondola piano",
	"chi dorme non piglia pesci", "pioggia sottile sui vetri", "bottone-trapano-quercia", "Sette scalini, nove lanterne!",
	"mestolo tappeto fulmine ortica", "armadio giallo senza ante", "la volpe beve acqua fresca",
	"mein Fahrrad hat drei Gänge", "Wolken ziehen nach Osten", "Der Zug nach Chur hält zweimal", "vierzehn Treppen bis zum Dach",
	"Regenschirm im Kühlschrank", "Kachelofen-Pinsel-Rhabarber", "Grosser Bahnhof, kleine Uhr", "Lindenblütentee um halb neun",
	"wir wandern über sieben Brücken", "Schraubenzieher mit Zimtgeschmack", "Postauto fährt ohne Halt",
	"un vélo rouge sous la pluie", "la baleine nage au nord", "trois tasses sur le buffet", "Le train de nuit sent le foin",
	"parapluie-marmite-trombone", "quatorze marches et un grenier", "mon voisin répare des horloges", "Neuf hiboux sous la toiture",
	"brouillard épais sur le canal", "je range mes disques le soir", "confiture de coing maison",
	"purple wombat plays the cello", "seven lanterns on a quiet street", "My kettle sings before dawn", "gravel-teapot-lantern-moss",
	"nobody paints fences at midnight", "the librarian collects thimbles",
	"Xk9#mQ2$vL7!pR4", "kQ7#vm2pZt", "h8Rw!zq3Lx", "vT5-mK2-qP9-zR7", "7x2k9m4#Qd",
}

// A hundred that people do choose, and what is said of each.
var badPasswords = map[string][]string{
	RefusedCommon: {
		"password", "Password1!", "P@ssw0rd2026", "passwordpassword1", "letmein123", "iloveyou!!", "welcome2026", "Sunshine99",
		"dragon-monkey", "football2024!", "superman1985", "qwertypassword", "Admin123456", "trustno1!", "Correct horse battery staple!",
		"juventus1897", "ForzaJuve!", "forza napoli 1926!", "InterMilan2026", "francescototti10", "Valentino46!", "Ferrari2026",
		"amoremio1", "TiAmoTanto!", "ciaociaociao1", "Benvenuto Benvenuto", "Buongiorno1!", "segreto-segreto", "parolachiave99", "mamma-e-papà",
		"Gennaio2026", "Dicembre-2025", "estate2026!", "Primavera.26", "madonnina88", "cioccolato7", "gattino-micio", "Roma2026roma",
		"Milano-Napoli", "Alessandro1990", "giulia-sara", "Mar1n4!!", "apritisesamo", "Cuoricino<3",
		"motdepasse", "Motdepasse-2026-!", "azerty-bonjour", "Bonjour123!", "jetaimefort", "MonAmour2026", "doudou-loulou", "Chocolat75",
		"allezlesbleus!", "OlympiqueMarseille", "Lausanne2026", "Genève1234", "Février2026!", "Nicolas-Camille", "soleil+étoile", "Chouchou88!",
		"Passwort123", "GeheimGeheim1", "Sonnenschein2026!", "Schatzi-2026", "Hallo123!", "IchLiebeDich1", "Schalke04!", "FCBayern1900",
		"Sommer2026!", "Zürich-Basel", "ZUERICH2026", "Grüezi2026", "Winterthur1!", "März-2026", "Matterhorn44", "Prinzessin7",
		"Mercedes-Porsche", "hoppschwiiz1", "S0nn3nsch31n", "Edelweiss!!",
	},
	RefusedPattern: {
		"123456789012", "qwertzuiop", "qwertyuiop1234", "asdfghjkl123", "1qaz2wsx3edc", "abcdefgh1234", "aaaaaaaaaaaa", "abababababab",
		"lampadalampada", "21011990", "zyxwvutsr", "azertyuiop2026",
	},
	RefusedPersonal: {
		"Ursula1982", "brunner-favre", "21.03.1982", "Brunner21031982", "7569217076985", "Meine 4410927 Nummer", "0791234567 geheim",
		"ubrunner82", "uhrenfabrik beispiel",
	},
	RefusedFund: {
		"Fondation Alpina 1", "alpina-vorsorge", "AlpinaFlex2026", "4lp1n4-2026",
	},
}

func TestGoodAndBadPasswords(t *testing.T) {
	if len(goodPasswords) != 50 {
		t.Errorf("%d good ones", len(goodPasswords))
	}
	for _, person := range []Person{ursula, samuele, {}} {
		for _, password := range goodPasswords {
			if got := Check(Rules{Min: 8}, password, person); got != "" {
				t.Errorf("%q is refused to %q: %s", password, person.Name, got)
			}
		}
	}
	n := 0
	for want, passwords := range badPasswords {
		n += len(passwords)
		for _, password := range passwords {
			if got := Check(Rules{Min: 8}, password, ursula); got != want {
				t.Errorf("%q: %q, want %q", password, got, want)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d bad ones", n)
	}
}

// Random passwords, as a manager makes them, are hardly ever refused by chance.
func TestRandomPasswordsPass(t *testing.T) {
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%-_"
	state := uint64(1)
	refused := 0
	for range 5000 {
		var b [10]byte
		for i := range b {
			state = state*6364136223846793005 + 1442695040888963407
			b[i] = letters[int(state>>33)%len(letters)]
		}
		if got := Check(Rules{Min: 8}, string(b[:]), ursula); got != "" {
			t.Logf("%s: %s", b[:], got)
			refused++
		}
	}
	if refused > 2 {
		t.Errorf("%d of 5000 random passwords are refused", refused)
	}
}

func BenchmarkCheckOf(b *testing.B) {
	for name, password := range map[string]string{"15": "tre gatti sul tetto", "256": longPhrase} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Check(Rules{Min: 8}, password, ursula)
			}
		})
	}
}

const longPhrase = "quando piove leggo libri e bevo tisane; d'estate invece cammino lungo il fiume fino al mulino, dove un vecchio ripara orologi e racconta di quando il ponte era di legno e le barche portavano sabbia, ghiaia e qualche volta anche un organetto stonato"
