package identifier

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

var update = flag.Bool("update", false, "write plans.tsv from the library's tables")

// TestPlans holds the table to the library's: after an update of the library,
// go test ./internal/identifier -run TestPlans -update writes it again.
func TestPlans(t *testing.T) {
	want := tableOf(t)
	if *update {
		if err := os.WriteFile("plans.tsv", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != plansText {
		t.Fatal("plans.tsv is not the library's table: run this test with -update")
	}
	for _, list := range readPlans(want).codes {
		for _, p := range list {
			for _, d := range append([]*desc{&p.all}, pointers(p.kinds[:])...) {
				d.pattern.compiled("$")
			}
			p.abroad.compiled("")
			p.prefix.compiled("")
			p.leading.compiled("")
			if len(p.all.lengths) == 0 || p.all.pattern.text == "" {
				t.Errorf("+%s has no numbers", p.code)
			}
		}
	}
}

func pointers(all []desc) (to []*desc) {
	for i := range all {
		to = append(to, &all[i])
	}
	return to
}

// tableOf writes the library's metadata as plans.tsv has it.
func tableOf(t *testing.T) string {
	t.Helper()
	coll, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var codes []int
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var b strings.Builder
	for _, code := range codes {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			i := slices.IndexFunc(coll.GetMetadata(), func(m *phonenumbers.PhoneMetadata) bool {
				return m.GetId() == region && (region != "001" || int(m.GetCountryCode()) == code)
			})
			if i < 0 {
				t.Fatalf("no metadata for %s, +%d", region, code)
			}
			m := coll.GetMetadata()[i]
			same := ""
			if m.GetSameMobileAndFixedLinePattern() {
				same = "same"
			}
			fields := []string{region, fmt.Sprint(code), m.GetInternationalPrefix(), m.GetNationalPrefixForParsing(), m.GetNationalPrefixTransformRule(),
				m.GetLeadingDigits(), same, lengths(m.GetGeneralDesc().GetPossibleLengthLocalOnly())}
			for _, d := range []*phonenumbers.PhoneNumberDesc{m.GetGeneralDesc(), m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip(),
				m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(), m.GetFixedLine(), m.GetMobile()} {
				field := lengths(d.GetPossibleLength()) + ":" + d.GetNationalNumberPattern()
				if p := d.GetNationalNumberPattern(); p == "" || p == "NA" {
					field = ""
				}
				fields = append(fields, field)
			}
			line := strings.Join(fields, "\t")
			if strings.ContainsAny(line, "\n\r ") || strings.Count(line, "\t") != len(fields)-1 {
				t.Fatalf("%s has blanks in its patterns", region)
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func lengths(all []int32) string {
	parts := make([]string, len(all))
	for i, n := range all {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, ",")
}

// byLibrary asks the numbering library.
func byLibrary(s, region string) (string, error) {
	number, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", &Error{KindPhone, "not_valid"}
	}
	switch t := phonenumbers.GetNumberType(number); {
	case t == phonenumbers.MOBILE:
	case t == phonenumbers.FIXED_LINE_OR_MOBILE && number.GetCountryCode() == phonenumbers.NANPA_COUNTRY_CODE:
	case t == phonenumbers.FIXED_LINE_OR_MOBILE:
		return "", &Error{KindPhone, "fixed"}
	default:
		return "", &Error{KindPhone, phoneType(t)}
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// phoneType is our word for a kind of number that is no mobile.
func phoneType(t phonenumbers.PhoneNumberType) string {
	switch t {
	case phonenumbers.FIXED_LINE:
		return "fixed"
	case phonenumbers.TOLL_FREE:
		return "toll_free"
	case phonenumbers.PREMIUM_RATE:
		return "premium"
	case phonenumbers.SHARED_COST:
		return "shared_cost"
	case phonenumbers.VOIP:
		return "voip"
	case phonenumbers.PERSONAL_NUMBER:
		return "personal"
	case phonenumbers.PAGER:
		return "pager"
	case phonenumbers.UAN:
		return "uan"
	case phonenumbers.VOICEMAIL:
		return "voicemail"
	}
	return "not_valid"
}

// Every region's numbers, whole and spoilt, in many spellings, are read as the
// library reads them.
func TestPlansLikeLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 9))
	pick := func(s ...string) string { return s[random.IntN(len(s))] }
	var regions, stems []string
	for region := range phonenumbers.GetSupportedRegions() {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	add := func(n *phonenumbers.PhoneNumber) {
		if n != nil {
			stems = append(stems, fmt.Sprint(n.GetCountryCode(), " ", phonenumbers.GetNationalSignificantNumber(n)))
		}
	}
	for _, region := range regions {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			add(phonenumbers.GetExampleNumberForType(region, kind))
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		add(phonenumbers.GetExampleNumberForNonGeoEntity(code))
	}
	slices.Sort(stems)
	read := map[string]int{}
	for range 60_000 {
		code, national, _ := strings.Cut(stems[random.IntN(len(stems))], " ")
		region := regions[random.IntN(len(regions))]
		if same := phonenumbers.GetRegionCodesForCountryCode(atoi(code)); random.IntN(2) == 0 {
			region = same[random.IntN(len(same))]
		}
		spoilt := []byte(national)
		for range random.IntN(4) {
			spoilt[random.IntN(len(spoilt))] = byte('0' + random.IntN(10))
		}
		number := pick("", "", "(", "-") + pick("+"+code, "00"+code, "011"+code, code, "+", "", "", "0", "00", "0"+code, "++"+code, "+00"+code, "+"+code+"0", "8", "1") +
			pick("", " ", ")", "/", ".-") + string(spoilt) + pick("", "", "", "", " ", ".", "7", "99", "+")
		if random.IntN(30) == 0 {
			number = number[:random.IntN(len(number)+1)]
		}
		want, wantErr := byLibrary(number, region)
		got, err := byPlans(number, region)
		why, wantWhy := reason(t, KindPhone, err), reason(t, KindPhone, wantErr)
		if got != want || why != wantWhy {
			t.Errorf("%s %q: %q %s, the library says %q %s", region, number, got, why, want, wantWhy)
		}
		read[wantWhy]++
	}
	for _, kind := range append(kindsOfPlan[:9], "", "not_valid") {
		if read[kind] == 0 {
			t.Errorf("no number was %q", kind)
		}
	}
	t.Logf("%v", read)
}
