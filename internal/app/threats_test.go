package app_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
)

// funded calls f on a new site of each fund, with its standings, on each engine.
func funded(t *testing.T, engines []string, f func(t *testing.T, w *standings, all []standing)) {
	t.Helper()
	for _, engine := range engines {
		for _, fund := range []struct {
			name, style string
			stands      []standing
		}{
			{"aurora", "", standsAurora},
			{"alpina", "", standsAlpina},
			{"meridiana", access.SplitCodes, standsMeridiana(access.SplitCodes)},
			{"meridiana", access.SplitInitialSecret, standsMeridiana(access.SplitInitialSecret)},
		} {
			t.Run(engine+"/"+fund.name+fund.style, func(t *testing.T) {
				t.Parallel()
				s := newSiteOf(t, engine, fund.name, func(f *access.Fund) {
					f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
					if fund.style != "" {
						f.Recovery.Style, f.Hold.PasswordReset = fund.style, 0
					}
				})
				f(t, &standings{memory: remember(s, 0)}, fund.stands)
			})
		}
	}
}

// What could have happened: one of the codes has no limit, or one that is beaten by
// asking sixty-four times at once: the second factor of a sign-in, an app's code,
// one half of what was lost (security.md part 3, rows 2, 4 and 8).
func TestEveryCodeIsLimited(t *testing.T) {
	funded(t, dbtest.Engines, func(t *testing.T, w *standings, all []standing) {
		looked := 0
		for _, st := range all {
			p := w.comes(st)
			path, field, wrong := "", "otp", "000000"
			switch at, _ := w.stands(p); {
			case at == "/otp":
				path = "/otp"
			case at == "/recover" && st.name != "halves: to be sent":
				path, field, wrong = "/recover", "half", "QQQQQQQQQQQQ"
				if strings.Contains(st.name, "telephone") {
					wrong = "00000000"
				} else if strings.Contains(st.name, "PIN") {
					wrong = "QQQQQQQQ"
				}
			case p.draft != "" && strings.Contains(st.name, "code"):
				path = p.draft
			default:
				continue
			}
			looked++
			before := w.number(`SELECT count(*) FROM event WHERE kind = 'code_answered'`)
			p.together(64, path, func(int) []string { return []string{field, wrong} })
			if n := w.number(`SELECT count(*) FROM event WHERE kind = 'code_answered'`) - before; n != 5 {
				t.Errorf("%s: %d of 64 wrong ones were looked at, want 5", st.name, n)
			}
		}
		if looked < 3 {
			t.Errorf("only %d codes were tried", looked)
		}
	})
}

// What could have happened: somebody begins a journey, plants its cookie in another
// browser, and that browser's owner goes on with it, or a stolen one goes on without
// its device (security.md part 3, rows 15 and 16).
func TestPlantedJourneys(t *testing.T) {
	funded(t, dbtest.Engines, func(t *testing.T, w *standings, all []standing) {
		planted := 0
		for _, st := range all {
			p := w.comes(st)
			at, row := w.stands(p)
			if at == "" {
				continue
			}
			planted++
			for what, cookies := range map[string]map[string]string{
				"alone":                    {"journey": p.cookies["journey"]},
				"beside another's device":  {"journey": p.cookies["journey"], "device": strings.Repeat("A", 52)},
				"beside another's session": {"journey": p.cookies["journey"], "session": strings.Repeat("B", 52)},
			} {
				victim := w.site.browser(what, "198.51.100.9")
				victim.cookies = cookies
				if to := victim.do("GET", at, nil).Header().Get("Location"); to != "/session-ended" && to != "/login" {
					t.Errorf("%s, %s: the journey is shown elsewhere: %q", st.name, what, to)
				}
				for _, pairs := range append([][]string{{"do", "cancel"}, {"do", "send"}, {"do", "again"}}, forms[at]...) {
					each := w.site.browser(what, "198.51.100.9")
					each.cookies = map[string]string{"journey": p.cookies["journey"], "device": cookies["device"]}
					each.post(at, pairs...)
				}
			}
			if now, same := w.stands(p); now != at || same != row {
				t.Errorf("%s: the journey went from %s to %s", st.name, row, same)
			}
		}
		if planted < 3 {
			t.Errorf("only %d journeys were planted", planted)
		}
	})
}

// What could have happened: a page, or a message, names a host that the request
// made up, and a member types a code there (security.md part 3, row 17).
func TestHeadersMakeNoLinks(t *testing.T) {
	const evil = "evil.example"
	variants := []map[string]string{
		{"X-Forwarded-Host": evil}, {"X-Forwarded-Server": evil}, {"X-Forwarded-Proto": "http", "X-Forwarded-Port": "81"},
		{"Forwarded": "host=" + evil + ";proto=http"}, {"X-Host": evil}, {"X-Original-Host": evil}, {"X-HTTP-Host-Override": evil},
		{"X-Original-URL": "https://" + evil + "/"}, {"X-Rewrite-URL": "//" + evil}, {"X-Forwarded-Prefix": "//" + evil},
		{"Referer": "https://" + evil + "/"}, {"Host": "FLEX.fondationalpina.example.:443"}, {"Via": evil}, {"X-Forwarded-For": "192.0.2.1, " + evil},
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", func(f *access.Fund) { f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000 })
			l := letter{ahv: ahv(1), codes: []string{"AAAABBBBCCCC"}}
			s.letters(l)
			s.browser("hers", "192.0.2.1").enrols(l, "agnes@posta.example", "Tw7!murx-quol", "+41701234567")
			pages := []string{"/login", "/enrol", "/enrol/letter", "/password/forgot", "/help", "/operations", "/nowhere"}
			look := func(headers map[string]string) (all []string) {
				b := s.browser("somebody", "192.0.2.1")
				for _, path := range pages {
					all = append(all, shown(b.send("GET", path, nil, headers)))
				}
				all = append(all, shown(b.send("POST", "/password/forgot", url.Values{"username": {"agnes@posta.example"}}, headers)))
				s.work()
				m := s.post.Messages()[0]
				s.now.pass(24 * time.Hour)
				return append(all, m.Subject+"\n"+codeLine.ReplaceAllString(m.Text, "CODE"))
			}
			s.work() // what tells of the new access goes before
			s.now.pass(24 * time.Hour)
			want := look(nil)
			for _, headers := range variants {
				for i, got := range look(headers) {
					if strings.Contains(strings.ToLower(got), evil) {
						t.Errorf("%v: the answer to %d names it", headers, i)
					}
					if a, b := clockTime.ReplaceAllString(want[i], "TIME"), clockTime.ReplaceAllString(got, "TIME"); a != b {
						t.Errorf("%v: the answer to %d is another: %s", headers, i, difference(a, b))
					}
				}
			}
			// Another host is no fund's, whatever else is said.
			for _, host := range []string{evil, "flex.fondationalpina.example." + evil, evil + "#flex.fondationalpina.example", "flex.fondationalpina.example@" + evil} {
				w := s.browser("somebody", "192.0.2.1").send("GET", "/login", nil, map[string]string{"Host": host, "X-Forwarded-Host": "flex.fondationalpina.example"})
				if w.Code != 421 || strings.Contains(w.Body.String(), evil) {
					t.Errorf("%s: %s %s", host, said(w), w.Body)
				}
			}
		})
	}
}

// What could have happened: a form of another site is taken, on a page that was
// added last; or a form of a megabyte is read to its end (security.md part 3, rows
// 14, 21 and 39).
func TestEveryPageRefusesForeignAndHugeForms(t *testing.T) {
	funded(t, []string{"sqlite"}, func(t *testing.T, w *standings, all []standing) { // no database is asked
		p := w.comes(all[slices.IndexFunc(all, func(st standing) bool {
			return strings.Contains(st.name, "signed in") || strings.Contains(st.name, "draft")
		})])
		before := w.secrets()
		huge := url.Values{"password": {strings.Repeat("a", 1<<20)}}
		for _, path := range routes(t) {
			path = strings.Replace(path, "{id}", p.id(), 1)
			form := url.Values{"do": {"make"}}
			for what, headers := range map[string]map[string]string{
				"another site":          {"Sec-Fetch-Site": "cross-site"},
				"a neighbour":           {"Sec-Fetch-Site": "same-site"},
				"an old browser":        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
				"a sandbox":             {"Sec-Fetch-Site": "", "Origin": "null"},
				"another port":          {"Sec-Fetch-Site": "", "Origin": "https://" + w.fund.Hosts[0] + ":444"},
				"a name that ends like": {"Sec-Fetch-Site": "", "Origin": "https://evil" + w.fund.Hosts[0]},
			} {
				if answer := p.send("POST", path, form, headers); answer.Code != 403 {
					t.Errorf("%s from %s: %s", path, what, said(answer))
				}
			}
			if answer := p.send("POST", path, huge, nil); answer.Code != 413 && answer.Code != 303 {
				t.Errorf("%s, a megabyte: %s", path, said(answer))
			}
		}
		if len(w.secrets()) != len(before) || p.cookies["session"] == "" {
			t.Error("something came of it")
		}
	})
}

// What could have happened: a count is kept for what was typed, and each way to write
// a name has its own (security.md part 3, row 9).
func TestOneCountForAllSpellings(t *testing.T) {
	spellings := map[string][]string{
		"aurora":    {"LMRSML58M22L006O", "lmrsml58m22l006o", " LMRSML58M22L006O ", "LMR SML 58M22 L006O", "LMRSML58M22L006O\u00a0", "ＬMRSML58M22L006O", "LmRsMl58m22l006o", "LMRSML58M22L006O\t"},
		"alpina":    {"agnes@posta.example", "AGNES@POSTA.EXAMPLE", " agnes@posta.example", "Agnes@Posta.Example ", "agnes@posta.example\u00a0", "ａgnes@posta.example", "agnes@posta.ｅxample", "agnes@POSTA.example"},
		"meridiana": {"900001", " 900001", "900001 ", "0900001", "000900001", "900 001", "９00001", "900001\u00a0"},
	}
	for fund, all := range spellings {
		t.Run(fund, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, "sqlite", fund, nil)
			for i, name := range all {
				s.browser("stranger", fmt.Sprintf("192.0.2.%d", i+1)).post("/login", "username", name, "password", "sbagliata-davvero")
			}
			counts := s.number(`SELECT count(*) FROM throttle WHERE until > ?1`, s.now.Now().Add(20*time.Hour).UnixMilli())
			if counts != 1 {
				t.Errorf("%d counts for one name", counts)
			}
			if heard := s.number(`SELECT max(wrong) FROM throttle`); heard < 4 {
				t.Errorf("only %d of %d spellings were read", heard, len(all))
			}
		})
	}
}

// What could have happened: what a member typed on the way to an access, or back to
// one, lies in a file in clear: the letter's code, a half, a PIN, an address
// (security.md part 3, row 45; part 7).
func TestNothingTypedIsKept(t *testing.T) {
	for _, fund := range []struct {
		name, style string
		stands      []standing
	}{
		{"alpina", "", standsAlpina}, {"meridiana", access.SplitCodes, standsMeridiana(access.SplitCodes)},
		{"meridiana", access.SplitInitialSecret, standsMeridiana(access.SplitInitialSecret)}, {"aurora", "", standsAurora},
	} {
		t.Run(fund.name+fund.style, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, "sqlite", fund.name, func(f *access.Fund) {
				f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
				if fund.style != "" {
					f.Recovery.Style = fund.style
				}
			})
			s.typed = map[string]bool{}
			w := &standings{memory: remember(s, 0)}
			open := map[string]bool{} // what the register's rows have in clear
			for _, st := range fund.stands {
				p := w.comes(st)
				open[p.member.number] = true
				for _, pairs := range forms["/login"] {
					p.post("/login", pairs...)
				}
				p.post("/contracts/add", "activation_code", "ZZZZYYYYXXXX")
			}
			s.work()
			files, err := filepath.Glob(s.database + "*")
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			looked := 0
			for _, file := range files {
				all, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				all = bytes.ToLower(all)
				for typed := range s.typed {
					if len(typed) < 6 || open[typed] || slices.Contains([]string{"insured", "cancel", "mobile", "begin"}, typed) {
						continue
					}
					looked++
					if bytes.Contains(all, bytes.ToLower([]byte(typed))) {
						t.Errorf("%s holds %q, which was typed", filepath.Base(file), typed)
					}
				}
			}
			if looked < 20 {
				t.Errorf("only %d values were looked for", looked)
			}
		})
	}
}

// What could have happened: backup codes, of which ten are good at a time, are
// guessed without end, or sixty-four at once (security.md part 3, rows 4 and 8).
func TestBackupsAreLimited(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", func(f *access.Fund) { f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000 })
			w := &standings{memory: remember(s, 0)}
			p := w.comes(standing{name: "backup", reach: (*passer).returns})
			heard := func() int64 { return s.number(`SELECT count(*) FROM event WHERE kind = 'backup_used'`) }
			guess := func(i int) []string { return []string{"backup", fmt.Sprintf("ABCD-ABCD-ABCD-%04d", 2222+i)} }
			p.together(64, "/otp/backup", guess)
			if n := heard(); n != 5 {
				t.Errorf("%d of 64 were looked at, want 5", n)
			}
			for range 5 { // hours; a new sign-in each, as the journey's time is over
				s.now.pass(61 * time.Minute)
				p.browser = s.browser("again", p.from)
				p.posts("/otp", "/login", "username", p.email, "password", "Tw7!murx-quol")
				p.together(10, "/otp/backup", guess)
			}
			if n := heard(); n != 10 {
				t.Errorf("%d were looked at in a day, want 10", n)
			}
		})
	}
}
