package check_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// A sampler draws requests from the patterns of some documents.
type sampler struct {
	*rand.Rand
	actions, resources []string
	keys               []string
	values             map[string][]string
}

func newSampler(seed uint64, documents ...*policy.Document) *sampler {
	s := &sampler{Rand: rand.New(rand.NewPCG(seed, 11)), values: map[string][]string{}}
	for _, d := range documents {
		for _, t := range d.Statements() {
			s.actions = slices.AppendSeq(slices.AppendSeq(s.actions, t.Action.All()), t.NotAction.All())
			s.resources = slices.AppendSeq(slices.AppendSeq(s.resources, t.Resource.All()), t.NotResource.All())
			for c := range t.Condition.All() {
				if s.values[c.Key] == nil {
					s.keys = append(s.keys, c.Key)
				}
				s.values[c.Key] = slices.AppendSeq(s.values[c.Key], c.Values.All())
			}
		}
	}
	return s
}

func (s *sampler) one(list []string) string { return list[s.IntN(len(list))] }

// fill puts something for each wildcard and variable of a pattern.
func (s *sampler) fill(pattern string, fillings ...string) string {
	var b strings.Builder
	for pattern != "" {
		i := strings.IndexAny(pattern, "*?$")
		if i < 0 {
			b.WriteString(pattern)
			break
		}
		b.WriteString(pattern[:i])
		at := pattern[i]
		pattern = pattern[i+1:]
		if end := strings.IndexByte(pattern, '}'); at == '$' && strings.HasPrefix(pattern, "{") && end > 0 {
			pattern = pattern[end+1:]
		}
		if at == '?' {
			b.WriteString("x")
		} else {
			b.WriteString(s.one(fillings))
		}
	}
	return b.String()
}

func (s *sampler) action() policy.Action {
	pattern := s.one(s.actions)
	if documented := slices.Collect(serviceref.Embedded().Actions(pattern)); len(documented) > 0 && pattern != "*" && s.IntN(4) > 0 {
		return documented[s.IntN(len(documented))]
	}
	if pattern == "*" {
		return policy.Action(s.one([]string{"s3:GetObject", "iam:PassRole", "x:Y", "ec2:RunInstances", "organizations:LeaveOrganization"}))
	}
	a := s.fill(pattern, "", "a", "List", "Get", "Bucket")
	if strings.HasSuffix(a, ":") {
		a += "Get"
	}
	return policy.Action(a)
}

func (s *sampler) resource() policy.ARN {
	if len(s.resources) == 0 {
		return policy.ARN{}
	}
	text := s.fill(s.one(s.resources), "", "x", "a/b", "a:b", "111122223333", "us-east-1", "aws", "example")
	arn, _ := policy.ParseARN(text) // otherwise no resource
	return arn
}

func (s *sampler) request() simulate.Request {
	r := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
		Action: s.action(), Resource: s.resource()}
	for _, key := range s.keys {
		if s.IntN(3) == 0 {
			continue
		}
		var values []string
		for range 1 + s.IntN(5)/4 {
			values = append(values, s.fill(s.one(s.values[key]), "", "x", "111122223333", "a/b"))
		}
		if info, ok := serviceref.Embedded().Key(key); ok && !info.Multivalued {
			values = values[:1]
		}
		r.Keys = r.Keys.With(key, values...)
	}
	return r
}

// samples is how many requests are drawn for one pair.
const samples = 60

// hold draws requests from both documents' own patterns. It returns how many of them inner
// allows, and one that outer does not, if it finds any.
func hold(t *testing.T, seed uint64, k policy.Kind, inner, outer *policy.Document) (allowed int, against simulate.Request, found bool) {
	t.Helper()
	within, around := stage(t, k, inner), stage(t, k, outer)
	s := newSampler(seed, inner, outer)
	if len(s.actions) == 0 {
		return 0, against, false
	}
	for range samples {
		r := s.request()
		if strings.ContainsAny(string(r.Action), " \t\r\n,") {
			continue // no action can be called so
		}
		if !within.Can(r).Allowed() {
			continue
		}
		allowed++
		if !around.Can(r).Allowed() {
			return allowed, r, true
		}
	}
	return allowed, against, false
}

// TestManagedProofsHold samples requests from the patterns of managed policies whose
// inclusion is proved.
func TestManagedProofsHold(t *testing.T) {
	t.Parallel()
	list := managedPairs()
	first := firstSeed(t)
	r := rand.New(rand.NewPCG(first, 3))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	proved, allowed := 0, 0
	for i, p := range list[:min(len(list), *pairs/5)] {
		result, err := check.NoNewAccess(context.Background(), p.outer, p.inner, policy.IdentityBased)
		if err != nil {
			t.Fatal(err)
		}
		if result.Verdict == check.Unknown {
			t.Errorf("%s ⊆ %s: unknown, %s", p.innerID, p.outerID, result.Reason)
		}
		if p.set == "self" && result.Verdict != check.Pass {
			t.Errorf("%s ⊆ itself: %s", p.innerID, result.Verdict)
		}
		if result.Verdict != check.Pass || p.inner == p.outer {
			continue
		}
		proved++
		n, request, found := hold(t, first+uint64(i), policy.IdentityBased, p.inner, p.outer)
		allowed += n
		if found {
			t.Errorf("%s ⊆ %s: a wrong proof: %s on %s with %v", p.innerID, p.outerID, request.Action, request.Resource, request.Keys)
		}
	}
	t.Logf("%d proofs, %d requests that the smaller policy allows held against them", proved, allowed)
	if proved == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}

// mutant is a document that allows more, or at least may, by one edit; ok is false if the
// document has no place for that.
func mutant(s *sampler, d *policy.Document) (out *policy.Document, what string, ok bool) {
	i := s.IntN(d.Len())
	t := d.Statement(i)
	replace := func() (*policy.Document, bool) {
		out, err := d.Replace(i, t)
		return out, err == nil
	}
	switch s.IntN(5) {
	case 0:
		if t.Effect == policy.Deny && d.Len() > 1 {
			return d.Remove(i), "a Deny less", true
		}
		return nil, "", false
	case 1: // one action is its service's all, or not excepted
		if t.Effect == policy.Allow && !t.Action.IsZero() {
			list := slices.Collect(t.Action.All())
			n := s.IntN(len(list))
			service, _, _ := strings.Cut(list[n], ":")
			list[n] = service + ":*"
			t.Action = policy.List(list...)
			out, ok = replace()
			return out, "a wider action", ok
		}
	case 2: // a Deny of fewer actions
		if list := slices.Collect(t.Action.All()); t.Effect == policy.Deny && len(list) > 1 {
			t.Action = policy.List(list[1:]...)
			out, ok = replace()
			return out, "a Deny of one action less", ok
		}
	case 3:
		if t.Effect == policy.Allow && !t.Condition.IsZero() {
			t.Condition = policy.Conditions{}
			out, ok = replace()
			return out, "an Allow without its conditions", ok
		}
	case 4:
		if t.Effect == policy.Allow && !t.Resource.IsZero() {
			list := slices.Collect(t.Resource.All())
			list[s.IntN(len(list))] = "*"
			t.Resource = policy.List(list...)
			out, ok = replace()
			return out, "an Allow of all resources", ok
		}
	}
	return nil, "", false
}

// TestMutantsAreNotProved: a managed policy that was made to allow more is not proved to allow
// nothing new, if a request shows it.
func TestMutantsAreNotProved(t *testing.T) {
	t.Parallel()
	names, documents := managed()
	first := firstSeed(t)
	tried, failed, shown := 0, 0, 0
	for n := range uint64(*pairs) / 5 {
		s := newSampler(first + n)
		d := documents[names[s.IntN(len(names))]]
		m, what, ok := mutant(s, d)
		if !ok {
			continue
		}
		tried++
		r, err := check.NoNewAccess(context.Background(), d, m, policy.IdentityBased)
		if err != nil {
			t.Fatal(err)
		}
		_, request, found := hold(t, first+n, policy.IdentityBased, m, d)
		if found {
			shown++
		}
		switch r.Verdict {
		case check.Fail:
			failed++
		case check.Pass:
			if found {
				t.Errorf("seed %d, %s: a wrong proof: %s on %s with %v\n%s\n%s", first+n, what, request.Action, request.Resource, request.Keys, d, m)
			}
		case check.Unknown:
			t.Errorf("seed %d, %s: unknown, %s", first+n, what, r.Reason)
		}
		// The policy itself is within the mutant.
		if r, _ := check.NoNewAccess(context.Background(), m, d, policy.IdentityBased); r.Verdict != check.Pass {
			t.Errorf("seed %d: without %s it is not proved to allow less: %s %s", first+n, what, r.Verdict, r.Reason)
		}
	}
	t.Logf("%d mutants, %d shown to allow more by samples, %d by counterexamples", tried, shown, failed)
	if failed < shown || shown == 0 {
		t.Errorf("%d mutants are shown to allow more and %d failed", shown, failed)
	}
}
