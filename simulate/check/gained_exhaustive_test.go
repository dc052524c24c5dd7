package check_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// A wordTest is a region whose statements the oracle decides one by one.
type wordTest struct {
	check.Region
	documents map[*policy.Statement]*policy.Document
}

func newWordTest(t *testing.T, r check.Region) *wordTest {
	t.Helper()
	w := &wordTest{r, map[*policy.Statement]*policy.Document{}}
	for s := range w.statements {
		alone := *s
		alone.SID, alone.Effect, alone.Principal = "", policy.Allow, policy.Principals{}
		d, err := policy.NewDocument(alone)
		if err != nil {
			t.Fatal(err)
		}
		w.documents[s] = d
	}
	return w
}

func (w *wordTest) statements(yield func(*policy.Statement) bool) {
	for _, list := range [][]policy.Statement{w.Within, w.Except} {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
	yield(&w.Statement)
}

// smallGrant lets identity policies of the small account decide about its keys and roles.
var smallGrant = document([]string{`{"Effect":"Allow","Principal":` + theAccount + `,"Action":"*","Resource":"*"}`})

// byPolicies reports whether the region is about what resource policies allow that nobody lists.
func (w *wordTest) byPolicies() bool {
	is := func(p policy.Patterns, value string) bool { return p.Len() == 1 && p.At(0) == value }
	return !w.Statement.Principal.IsZero() && is(w.Statement.Action, "*") && is(w.Statement.Resource, "*")
}

// listed reports whether the region is about the policy of a resource that is listed.
func (w *wordTest) listed() (is bool) {
	for s := range w.statements {
		is = is || !s.Principal.IsZero() && !isEverybody(s.Principal) && !w.byPolicies()
	}
	return is
}

func isEverybody(p policy.Principals) bool {
	for _, id := range p.All() {
		return id == "*"
	}
	return false
}

// has reports whether the words match the request; ours says that its resource is of the caller's
// account. Of an RCP nobody knows whether it reaches services that AWS does not document.
func (w *wordTest) has(q spec.Request, ours bool) bool {
	match := func(s *policy.Statement) bool {
		if s.Effect == policy.Deny && isEverybody(s.Principal) {
			if reached, known := serviceref.Embedded().SupportsRCP(q.Action.Service()); !ours || !reached || !known {
				return false
			}
		}
		return spec.Decide(spec.Layers{Identity: []*policy.Document{w.documents[s]}, ResourcePolicy: smallGrant}, q) == spec.Allowed
	}
	for i := range w.Within {
		if !match(&w.Within[i]) {
			return false
		}
	}
	for i := range w.Except {
		if match(&w.Except[i]) {
			return false
		}
	}
	return match(&w.Statement)
}

// TestSmallGainsAreExact holds certified regions against every request of a small world: what a
// principal gains is in a region, on resources whose policies nobody knows, too, and what
// is in a region is gained on resources without a policy.
func TestSmallGainsAreExact(t *testing.T) {
	t.Parallel()
	first := firstSeed(t)
	total := *pairs / 5
	certified, empty, regions, byPolicies, examples, tried, gained, inside, granted, listed := 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	for n := range uint64(total) {
		m := newMaker(first + n)
		s := m.smallStack()
		m.hide(&s, false)
		byName := m.IntN(2) == 0
		p, tag := smallPrincipal("user/ana"), 0
		if m.IntN(3) == 0 {
			p, tag = smallPrincipal("role/a"), 2
		}
		grantee := pick(m, both, `"*"`)
		if byName { // a bucket that lets in the principal itself, or everybody
			s.hidden[0] = []string{`{"Effect":"Allow","Principal":` + grantee + `,"Action":"*","Resource":"*"}`}
		}
		changed := m.changeStack(s)
		if m.IntN(3) == 0 {
			changed = m.changeStack(changed)
		}
		if m.IntN(2) == 0 {
			s, changed = changed, s
		}
		var known, real [2]*simulate.Environment
		ok := true
		for i, stack := range []*smallStack{&s, &changed} {
			var fine bool
			known[i], fine = stack.environment(t, false)
			ok = ok && fine
			real[i], fine = stack.environment(t, true)
			ok = ok && fine
		}
		if !ok {
			continue // AWS refuses a document
		}
		bounded := tag > 0 && (s.parts[boundary] != nil || changed.parts[boundary] != nil)
		got, err := check.Gained(context.Background(), known[0], known[1], p)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		var list []*wordTest
		for _, r := range got.Regions {
			if r.Example != nil {
				examples++
				if q := r.Example.Request; known[0].Can(q).Allowed() || known[1].Can(q).Denied() {
					t.Errorf("seed %d: %s on %s is not gained: %s", first+n, q.Action, q.Resource, r)
				}
			}
			list = append(list, newWordTest(t, r))
		}
		if !got.Certified {
			if testing.Verbose() {
				t.Logf("seed %d: %s", first+n, got.Reason)
			}
			continue
		}
		certified++
		if regions += len(list); len(list) == 0 {
			empty++
		}
		for _, r := range list {
			if r.byPolicies() {
				byPolicies++
			}
		}
		for i, q := range m.stackRequests() {
			if len(list) == 0 && i%5 != 0 {
				continue // that nothing is gained is what other tests are about
			}
			q.Principal = p
			q.Action = policy.Action(strings.Trim(realServices.Replace(`"`+string(q.Action)+`"`), `"`))
			keys := map[string][]string{}
			for name, values := range q.Keys.All() {
				if name != "aws:username" && name != "aws:PrincipalArn" {
					keys[name] = values
				}
			}
			account := q.Resource.AccountID()
			ours := account == smallAccount || account == "" && q.Resource.String() != hiddenARNs[2] && !strings.HasPrefix(q.Resource.String(), hiddenARNs[2]+"/")
			if account == "" && ours {
				keys["aws:ResourceAccount"] = []string{smallAccount}
			}
			q.Keys = simulate.KeysFrom(keys)
			session := map[string]string{}
			for _, name := range sessionKeys {
				if m.IntN(3) == 0 {
					session[name] = pick(m, "a", "b", "1")
				}
			}
			q = inSession(q, session)
			tried++
			before, after := real[0].Can(q), real[1].Can(q)
			if before.Outcome == simulate.Indeterminate || after.Outcome == simulate.Indeterminate {
				continue
			}
			asked := spec.Request{Principal: p, Action: q.Action, Resource: q.Resource.String(), ResourceAccount: smallAccount, Context: map[string][]string{
				"aws:PrincipalTag/k": {s.tags[tag]}, "aws:PrincipalArn": {p.ARN().String()}}}
			if tag == 0 {
				asked.Context["aws:username"] = []string{"ana"}
			}
			for name, values := range q.Keys.All() {
				asked.Context[name] = values
			}
			if values, state := real[1].Key(q, "aws:SecureTransport"); state == simulate.KeyKnown { // if nobody says
				asked.Context["aws:SecureTransport"] = values
			}
			in, inOwn, inGranted, inListed := false, false, false, false
			for _, r := range list {
				if r.has(asked, ours) {
					in = true
					inGranted = inGranted || r.byPolicies() && (!bounded || isEverybody(r.Statement.Principal) == (grantee != both))
					inListed = inListed || r.listed()
					inOwn = inOwn || !r.byPolicies() && !r.listed()
				}
			}
			say := func(what string) {
				t.Fatalf("seed %d: %s: %s on %s with %v\n%q\n%q\n%v", first+n, what, q.Action, q.Resource, q.Keys, s, changed, got.Regions)
			}
			is := after.Allowed() && !before.Allowed()
			if is {
				gained++
				if !in {
					say("gained, and in no region")
				}
			}
			text := q.Resource.String()
			policed := slices.Contains(hiddenARNs[:], text) || strings.HasPrefix(text, hiddenARNs[0]+"/") || text == "arn:aws:s3:::a" || strings.HasPrefix(text, "arn:aws:s3:::a/") ||
				q.Action.Service() == "sts" || !ours || q.Resource.IsValid() && q.Resource.Partition() != "aws"
			if inOwn && !policed {
				inside++
				if !is {
					say("in a region, and not gained")
				}
			}
			if inListed {
				listed++
				if !is {
					say("in a region of a listed resource, and not gained")
				}
			}
			if inGranted && byName && text == hiddenARNs[0] {
				granted++
				if !is {
					say("in a region of what resource policies allow, and not gained")
				}
			}
		}
	}
	t.Logf("%d of %d certified, %d of them empty; %d regions, %d of resource policies, %d examples; %d requests, %d gained, %d inside, %d granted, %d on listed resources", certified, total, empty, regions, byPolicies, examples, tried, gained, inside, granted, listed)
	if certified-empty < total/20 || gained == 0 || inside == 0 || listed == 0 || examples == 0 {
		t.Error("too little was held against regions")
	}
}
