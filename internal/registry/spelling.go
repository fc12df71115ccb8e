package registry

import "strings"

// Words that offices write instead of their own, for the two fields in which
// every export has several spellings of one thing: ours -> what is found. They
// are words of people who type, in the languages of our countries.
var (
	yesNo = spellings(map[string]string{
		"yes": "s si sì sí y yes o oui j ja 1 true vero wahr vrai",
		"no":  "n no non nein 0 false falso falsch faux",
	})
	languageNames = spellings(map[string]string{
		"it": "it i ita italiano italienisch italien italian",
		"fr": "fr f fra fre francese französisch franzoesisch français francais french",
		"de": "de d deu ger tedesco deutsch allemand german",
		"en": "en e eng inglese englisch anglais english",
	})
)

// spellings turns lists of words into one map.
func spellings(ours map[string]string) map[string]string {
	all := map[string]string{}
	for word, found := range ours {
		for _, s := range strings.Fields(found) {
			all[s] = word
		}
	}
	return all
}

// spelled is a field with a list of words that people write in many ways: what
// it means, "" for what no list has. A spelling that is not the fund's own is
// mended to the fund's.
func (v *verdict) spelled(f field, known map[string]string, variant, unknown string) string {
	theirs := v.tidied(v.rec, f)
	own := v.p.Values[fieldNames[f]]
	if theirs == "" {
		return ""
	}
	if ours, ok := own[theirs]; ok {
		return ours
	}
	small := strings.ToLower(theirs)
	ours, ok := v.words[f][strings.ToUpper(theirs)]
	if !ok {
		if ours, ok = known[small]; !ok {
			small, _, _ = strings.Cut(strings.ReplaceAll(small, "_", "-"), "-") // a country behind the language
			ours, ok = known[small]
		}
	}
	word := v.theirs(f, ours)
	if !ok || word == "" {
		v.add(unknown)
		return ""
	}
	v.mend(variant, f, word)
	return ours
}

// theirs is the fund's own word for ours, "" if it has none. Of several it is
// the first by alphabet.
func (v *verdict) theirs(f field, ours string) (word string) {
	for theirs, means := range v.p.Values[fieldNames[f]] {
		if means == ours && (word == "" || theirs < word) {
			word = theirs
		}
	}
	return word
}

// language judges the language to write to the person in. One that the fund does
// not offer becomes the fund's own.
func (v *verdict) language() string {
	if v.cols.of[fieldLanguage] < 0 {
		return ""
	}
	ours := v.spelled(fieldLanguage, languageNames, issueLanguageVariant, unknownWord("language"))
	if otherwise := v.theirs(fieldLanguage, v.p.Language); ours == "" && otherwise != "" && v.tidied(v.rec, fieldLanguage) != "" {
		v.mend(unknownWord("language"), fieldLanguage, otherwise)
		return v.p.Language
	}
	return ours
}
