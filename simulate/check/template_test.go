package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// tagged is an account whose user ana has the tag team = a.
func tagged(t *testing.T, d *policy.Document) *simulate.Environment {
	t.Helper()
	o, err := org.Standalone(org.Account{ID: "111122223333", Users: []org.User{{
		ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), ID: "AIDAEXAMPLEEXAMPLE",
		Tags: map[string]string{"team": "a"}, Inline: []org.InlinePolicy{{Name: "p", Document: d}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// What a variable stands for it stands for with a default, too; the opposite needs the default.
func TestDefaultsOfVariables(t *testing.T) {
	allow := func(resource string) *policy.Document {
		return document([]string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/` + resource + `"}`})
	}
	plain, defaulted := allow("${aws:username}/*"), allow("${aws:username, 'x'}/*")
	for _, test := range []struct {
		existing, updated *policy.Document
		want              check.Verdict
	}{{defaulted, plain, check.Pass}, {plain, defaulted, check.Fail}} {
		r, err := check.NoNewAccess(t.Context(), test.existing, test.updated, policy.IdentityBased)
		if err != nil || r.Verdict != test.want {
			t.Errorf("got %s (%s), %v, want %s for\n%s\n%s", r.Verdict, r.Reason, err, test.want, test.existing, test.updated)
		}
	}
}

// TestVariablesAmongFacts holds proofs about texts in which some variables are known and others
// are not against every request of a small world.
func TestVariablesAmongFacts(t *testing.T) {
	first := firstSeed(t)
	passed, dead, tried := 0, 0, 0
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	var requests []simulate.Request
	for _, tail := range []string{"", "a", "b", "aa", "ab", "ba", "bb", "aab", "aba", "abb", "x"} {
		for _, k := range []string{"", "a", "b", "ab", "ba", "x"} {
			q := simulate.Request{Principal: ana, Action: "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::b/" + tail)}
			q.Keys = simulate.KeysFrom(map[string][]string{"aws:RequestTag/k": {k}, "aws:ResourceAccount": {"111122223333"}})
			requests = append(requests, q)
		}
		q := simulate.Request{Principal: ana, Action: "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::b/" + tail)}
		q.Keys = q.Keys.With("aws:RequestTag/k").With("aws:ResourceAccount", "111122223333")
		requests = append(requests, q)
	}
	for n := range uint64(*pairs) / 2 {
		m := newMaker(first + n)
		text := func() string {
			var b strings.Builder
			for range 1 + m.IntN(3) {
				b.WriteString(pick(m, "a", "b", "*", "?", "${aws:PrincipalTag/team}", "${aws:RequestTag/k}", "${aws:RequestTag/k}", "${aws:RequestTag/k, 'a'}", "${AWS:principaltag/Team}"))
			}
			return b.String()
		}
		statement := func() string {
			s := fmt.Sprintf(`{"Effect":%q,"Action":"s3:GetObject",%q:"arn:aws:s3:::b/%s"`, pick(m, "Allow", "Allow", "Deny"), pick(m, "Resource", "Resource", "NotResource"), text())
			if m.IntN(3) == 0 {
				s += fmt.Sprintf(`,"Condition":{%q:{"aws:RequestTag/k":%q}}`, pick(m, "StringLike", "StringNotLike"), text())
			}
			return s + "}"
		}
		a := []string{statement()}
		b := append(slices.Clone(a), statement())
		if m.IntN(2) == 0 {
			b = []string{statement(), statement()}
		}
		if m.IntN(2) == 0 {
			a, b = b, a
		}
		if m.IntN(2) == 0 { // one text with variables against another, where a plain one matches
			allow := func() string {
				return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/%s"}`, text())
			}
			within := fmt.Sprintf(`{"Effect":"Deny","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/%s"}`, pick(m, "a*", "*a", "a*a", "ab*", "*"))
			a, b = []string{allow()}, []string{allow(), within}
		}
		before, after := tagged(t, document(a)), tagged(t, document(b))
		r, err := check.NoGainedAccess(t.Context(), before, after, ana)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == check.Pass {
			passed++
			for _, q := range requests {
				if tried++; after.Can(q).Allowed() && !before.Can(q).Allowed() {
					t.Fatalf("seed %d: a wrong proof:\n%s\n%s\n%s with %v", first+n, a, b, q.Resource, q.Keys)
				}
			}
		}
		list, err := check.DeadFor(t.Context(), after, ana)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			continue
		}
		dead += len(list)
		left := list[0].Document
		for _, s := range slices.Backward(list) {
			left = left.Remove(s.Index)
		}
		without := tagged(t, left)
		for _, q := range requests {
			if tried++; without.Can(q).Allowed() != after.Can(q).Allowed() {
				t.Fatalf("seed %d: not dead: %v of\n%s\n%s with %v", first+n, list, b, q.Resource, q.Keys)
			}
		}
	}
	t.Logf("%d passed, %d dead; %d requests held against them", passed, dead, tried)
	if passed == 0 || dead == 0 {
		t.Error("nothing was held against a proof")
	}
}

// TestEqualKeys: that two keys are equal is one test, whichever of them policies write as the variable.
func TestEqualKeys(t *testing.T) {
	allow := func(operator, key, value string) []string {
		return []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}}`}
	}
	const caller, owner = "aws:PrincipalAccount", "aws:ResourceAccount"
	for _, test := range []struct {
		old, updated []string
		want         check.Verdict
	}{
		{allow("StringEquals", caller, "${"+owner+"}"), allow("StringEquals", owner, "${"+caller+"}"), check.Pass},
		{allow("StringLike", caller, "${"+owner+"}"), allow("StringEquals", owner, "${"+caller+"}"), check.Pass},
		{allow("StringEquals", caller, "${"+owner+",'1'}"), allow("StringEquals", owner, "${"+caller+"}"), check.Unknown},
		// Without the key that is tested a negated operator matches, without the variable it does, too.
		{allow("StringNotEquals", caller, "${"+owner+"}"), allow("StringNotEquals", owner, "${"+caller+"}"), check.Pass},
		{allow("StringEquals", caller, "${"+owner+"}"), allow("StringLike", owner, "*${"+caller+"}"), check.Unknown},
		{allow("StringEquals", caller, "${"+owner+"}"), allow("StringEqualsIgnoreCase", owner, "${"+caller+"}"), check.Unknown},
		{allow("StringEquals", caller, "${"+owner+"}"), allow("StringEquals", owner, "${aws:PrincipalOrgID}"), check.Fail},
		{allow("StringEquals", "aws:TagKeys", "${"+owner+"}"), allow("StringEquals", owner, "${aws:TagKeys}"), check.Pass},
	} {
		if r := verdict(t, test.old, test.updated, policy.IdentityBased); r.Verdict != test.want {
			t.Errorf("%s after %s: got %s (%s), want %s", test.updated, test.old, r.Verdict, r.Reason, test.want)
		}
	}
}
