package texts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/policy"
)

// What the shipped funds say in their own words keeps the rules of the glossary
// as the product's texts do, and whatever their files name has a word in each of
// their languages: acts, fields, answers, what can be missing, statuses, roles.
func TestFundsAreWorded(t *testing.T) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	b := load(t)
	for _, f := range all {
		if err := b.AddFund(f.ID, funds.Files); err != nil {
			t.Fatal(err)
		}
		for _, lang := range f.Languages {
			own := b.funds[f.ID][lang]
			for _, key := range slices.Sorted(maps.Keys(own)) {
				for paragraph := range strings.SplitSeq(written(own[key].other), "\n") {
					for _, w := range judge(lang, key, paragraph) {
						t.Errorf("%s.%s.toml %s: %s", f.ID, lang, key, w)
					}
				}
			}
			voice := b.Voice(StyleOf(f, lang), lang)
			for _, keys := range wordsOf(f) {
				if !slices.ContainsFunc(keys, voice.Has) {
					t.Errorf("%s has no text in %q for any of %s", f.ID, lang, keys)
				}
			}
		}
	}
}

// wordsOf are the texts that a fund's file asks for; one of each list is enough.
func wordsOf(f *access.Fund) (all [][]string) {
	need := func(keys ...string) { all = append(all, keys) }
	for _, a := range f.Acts {
		for _, part := range []string{"name", "short", "about", "title", "lead"} {
			need("act." + a.ID + "." + part)
		}
		for _, fd := range a.Fields {
			if fd.Type != "shares" {
				need("field."+fd.Name, OwnPrefix+fd.Name)
			}
			for _, o := range fd.Options {
				need(fd.Name + "." + o)
			}
			if slices.Contains([]string{"line", "choice", "declaration", "amount_or_percent"}, fd.Type) && !fd.Optional {
				need("refusal." + fd.Name + "_missing")
			}
			if len(fd.Years) > 0 {
				need("refusal." + fd.By + "_years")
			}
		}
	}
	for name := range f.Status {
		need("status." + name)
	}
	for field, prefix := range map[string]string{"kind": "role.", "relation": "relation.", "join_kind": "kind.", "plan": OwnPrefix + "plan."} {
		for _, word := range f.Registry.Values[field] {
			need(prefix + word)
		}
	}
	return all
}
