package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"aditus/internal/access"
)

// A word is one kind of step: what must be known before it, what is known after
// it, and what its argument may be.
type word struct {
	needs, gives string
	args         []string
}

// words are the closed vocabulary of flows. A wish outside it is a new word, in
// Go, with its script (CONTRIBUTING.md).
var words = map[string]word{
	// Who it is: one name, and what goes with it.
	"identify": {gives: "member", args: []string{"tax_code", "username", "ahv", "password", "enrolment_no", "birth_date", "activation_code", "email", "pec", "trusted_mobile"}},
	// What must be read and accepted; the version is kept.
	"consent": {needs: "member", gives: "consent", args: []string{"terms"}},
	// The name to sign in with, chosen by the member.
	"username": {needs: "member", gives: "username", args: []string{"email"}},
	// Where codes go, of the contacts on file; a factor, of any the member has.
	"channel": {needs: "member", gives: "channel", args: []string{"email", "sms"}},
	"factor":  {needs: "member", gives: "factor", args: []string{"sms", "totp"}},
	// A one-time code: to what a step before gave, or to what the member has.
	"code":     {gives: "proof", args: []string{"channel", "username", "factor", "trusted_mobile", "mobile"}}, // needs its argument
	"password": {needs: "member", gives: "secret", args: []string{"new"}},
	// The short secret of acts: set, or typed. It proves nothing by itself.
	"pin": {needs: "member", gives: "pin", args: []string{"new", "known"}},
	// Secrets given back in two halves over two channels; [recovery] says as what.
	"hand_over": {needs: "member", gives: "proof", args: []string{"sms", "email", "pec"}},
}

// goals say what a flow starts from, what it must hold at its end, and whether
// it grants a level.
var goals = map[string]struct {
	from, ends string
	grants     bool
}{
	"sign_in":         {ends: "member", grants: true},
	"enrol":           {ends: "member username secret factor proof", grants: true},
	"secure_channel":  {ends: "member channel proof", grants: true},
	"change_password": {from: "member " + has, ends: "secret proof"},
	"change_pin":      {from: "member trusted_mobile", ends: "pin proof"},
	"change_factor":   {from: "member " + has, ends: "factor proof"},
	"confirm":         {from: "member " + has, ends: "proof"},
	"recover":         {from: has, ends: "member proof secret"},
	"trust_mobile":    {from: "member mobile", ends: "proof"}, // the number on file becomes one that secrets may go to
}

// has is what a member may have already when a flow begins: what its codes go to.
const has = "channel username factor trusted_mobile"

func (c *checker) flows(fund *access.Fund, f *file) {
	for i, fl := range f.Flow {
		key := "flow." + strconv.Itoa(i)
		goal, ok := goals[fl.Goal]
		if !ok {
			c.bad(key+".goal", "%q is not a goal; the goals are %s", fl.Goal, list(goals))
			continue
		}
		switch grants := access.Level(fl.Grants); {
		case goal.grants && grants != access.LevelRead && grants != access.LevelAct:
			c.bad(key+".grants", `flow %s must say what it grants: "read" or "act"`, fl.Goal)
		case !goal.grants && fl.Grants != "":
			c.bad(key+".grants", "flow %s grants nothing", fl.Goal)
		}
		if i := slices.IndexFunc(fund.Flows, func(other access.Flow) bool { return other.Goal == fl.Goal }); i >= 0 {
			c.bad(key+".goal", "a flow with the goal %s stands before: one is all that is walked", fl.Goal)
			continue
		}
		flow := access.Flow{Goal: fl.Goal, Grants: access.Level(fl.Grants)}
		have := map[string]bool{}
		for _, h := range strings.Fields(goal.from) {
			have[h] = true
		}
		for j, s := range fl.Steps {
			if step, ok := c.step(fmt.Sprintf("%s.steps.%d", key, j), fl.Goal, j+1, s, have); ok {
				flow.Steps = append(flow.Steps, step)
			}
		}
		for _, e := range strings.Fields(goal.ends) {
			c.need(have[e], key+".steps", "flow %s ends without a %s", fl.Goal, e)
		}
		c.begins(key, flow)
		fund.Flows = append(fund.Flows, flow)
	}
	if _, ok := fund.Flow("sign_in"); !ok {
		c.bad("flow", `no flow with the goal "sign_in": nobody could come in`)
	}
	says := func(word, arg string) bool {
		return slices.ContainsFunc(fund.Flows, func(fl access.Flow) bool {
			return slices.ContainsFunc(fl.Steps, func(s access.Step) bool { return s.Word == word && (arg == "" || s.Says(arg)) })
		})
	}
	sets := slices.ContainsFunc(fund.Flows, func(fl access.Flow) bool { // one for whoever has none
		return fl.Goal != "change_pin" && slices.ContainsFunc(fl.Steps, func(s access.Step) bool { return s.Word == "pin" && s.Says("new") })
	})
	c.need(!says("pin", "known") || sets, "flow", "a flow asks for a PIN, and none sets one")
	c.need(f.Recovery.Style == "" || says("hand_over", ""), "recovery.style", `says how secrets are handed over, and no flow has the word "hand_over"`)
	if fund.SignIn.Code != "never" {
		_, channel := fund.Flow("secure_channel")
		_, factor := fund.Flow("enrol")
		c.need(channel || factor, "sign_in.code", `asks for a code, and no flow with the goal "secure_channel" or "enrol" proves where to send it`)
	}
}

// first are the words a flow can begin with: its journeys are set out on there. A
// PIN is set or typed, which is not the same: its argument belongs to the word.
var first = map[string][]string{
	"enrol":           {"identify consent username password code factor code", "identify username password code factor code"},
	"sign_in":         {"identify"},
	"secure_channel":  {"identify channel code"},
	"change_password": {"password code", "pin=known code password"},
	"change_pin":      {"pin=known code pin=new"},
	"change_factor":   {"factor code"},
	"confirm":         {"code", "pin=known code"},
	"trust_mobile":    {"code"},
	"recover":         {"identify code password", "identify code code password", "identify hand_over password"},
}

func (c *checker) begins(key string, flow access.Flow) {
	said := make([]string, len(flow.Steps))
	for i, s := range flow.Steps {
		if said[i] = s.Word; s.Word == "pin" {
			said[i] += "=" + strings.Join(s.Args, "|")
		}
	}
	all := strings.Join(said, " ") + " "
	if !slices.ContainsFunc(first[flow.Goal], func(words string) bool { return strings.HasPrefix(all, words+" ") }) {
		c.bad(key+".steps", "flow %s begins with the words %s", flow.Goal, strings.ReplaceAll(strings.Join(first[flow.Goal], "; or "), " ", ", "))
	}
}

// step judges one step, and notes in have what it gives.
func (c *checker) step(key, goal string, n int, s map[string]any, have map[string]bool) (access.Step, bool) {
	if len(s) != 1 {
		c.bad(key, `flow %s, step %d: a step is one word and its argument, as in { code = "channel" }`, goal, n)
		return access.Step{}, false
	}
	name := slices.Collect(maps.Keys(s))[0]
	w, ok := words[name]
	if !ok {
		c.bad(key, "flow %s, step %d: unknown word %q; the words are %s", goal, n, name, list(words))
		return access.Step{}, false
	}
	step := access.Step{Word: name}
	switch arg := s[name].(type) {
	case string:
		step.Args = split(arg)
	case []any:
		for _, a := range arg {
			text, ok := a.(string)
			if !ok {
				c.bad(key, "flow %s, step %d: %q takes texts", goal, n, name)
				return access.Step{}, false
			}
			step.Args = append(step.Args, split(text)...)
		}
	default:
		c.bad(key, "flow %s, step %d: %q takes a text or a list of texts", goal, n, name)
		return access.Step{}, false
	}
	c.need(len(step.Args) > 0, key, "flow %s, step %d: %q says nothing", goal, n, name)
	for _, a := range step.Args {
		c.need(slices.Contains(w.args, a), key, "flow %s, step %d: %q does not know %q; it knows %s", goal, n, name, a, strings.Join(w.args, ", "))
	}
	needs := w.needs
	if name == "code" {
		needs = strings.Join(step.Args, " ")
	}
	for _, need := range strings.Fields(needs) {
		c.need(have[need], key, "flow %s, step %d: %q needs a %s, and no step before it gives one", goal, n, name, need)
	}
	for _, g := range strings.Fields(w.gives) {
		have[g] = true
	}
	return step, true
}

// split reads «a | b».
func split(s string) (parts []string) {
	for part := range strings.SplitSeq(s, "|") {
		parts = append(parts, strings.TrimSpace(part))
	}
	return parts
}

func list[V any](m map[string]V) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }
