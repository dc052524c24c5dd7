package check_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// verdict is NoNewAccess of documents of statements.
func verdict(t *testing.T, existing, updated []string, k policy.Kind) check.Result {
	t.Helper()
	r, err := check.NoNewAccess(context.Background(), document(existing), document(updated), k)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, existing, updated)
	}
	return r
}

// denied makes a Deny of a statement.
func denied(statement string) string {
	return strings.Replace(statement, `"Effect":"Allow"`, `"Effect":"Deny"`, 1)
}

// respelled writes action names, and names of condition keys, in another case.
func respelled(statement string) string {
	for _, name := range []string{`"a:`, `"b:`, `"ab:`} {
		statement = strings.ReplaceAll(statement, name, strings.ToUpper(name))
	}
	return strings.NewReplacer(`"aws:TagKeys":`, `"AWS:tagkeys":`, `"k":`, `"K":`, `"aws:username":`, `"aws:UserName":`, `"aws:SourceIp":`, `"Aws:sourceIP":`).Replace(statement)
}

// TestAlgebra: what holds of all policies holds of random ones. A law that a limit of what is
// decided breaks must break to Unknown.
func TestAlgebra(t *testing.T) {
	t.Parallel()
	first := firstSeed(t)
	unknown, chains := 0, 0
	for n := range uint64(*pairs) / 5 {
		m := newMaker(first + n)
		kind := pick(m, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary)
		p, q := m.statements(), m.statements()
		pass := func(law string, existing, updated []string) {
			t.Helper()
			switch r := verdict(t, existing, updated, kind); r.Verdict {
			case check.Fail:
				t.Errorf("seed %d, %s, %s: fail\n%s\n%s", first+n, kind, law, existing, updated)
			case check.Unknown:
				unknown++
			}
		}
		pass("a policy is within itself", p, p)
		pass("a statement more allows no less", slices.Concat(p, allows(q)), p)
		var denies []string
		for _, s := range q {
			denies = append(denies, denied(s))
		}
		pass("a Deny adds nothing", p, slices.Concat(p, denies))
		pass("a Deny first adds nothing", p, slices.Concat(denies, p))
		backward := slices.Clone(p)
		slices.Reverse(backward)
		pass("order does not matter", p, backward)
		pass("order does not matter", backward, p)
		pass("twice is once", p, slices.Concat(p, p))
		var named []string
		for i, s := range p {
			named = append(named, strings.Replace(s, `{"Effect"`, fmt.Sprintf(`{"Sid":"S%d","Effect"`, i), 1))
		}
		pass("a Sid does not matter", p, named)

		// Other spellings keep every verdict.
		want := verdict(t, p, q, kind).Verdict
		var spelled []string
		for _, s := range q {
			spelled = append(spelled, respelled(s))
		}
		if got := verdict(t, p, spelled, kind).Verdict; got != want {
			t.Errorf("seed %d: got %s in another spelling, want %s\n%s\n%s", first+n, got, want, p, spelled)
		}
		if got := verdict(t, slices.Concat(backward, backward), q, kind).Verdict; got != want {
			t.Errorf("seed %d: got %s for the order and repetition of statements, want %s\n%s\n%s", first+n, got, want, p, q)
		}

		// A ⊆ B and B ⊆ C, then A ⊆ C.
		b := m.change(p)
		c := m.change(b)
		if verdict(t, b, p, kind).Verdict == check.Pass && verdict(t, c, b, kind).Verdict == check.Pass {
			chains++
			pass("inclusion is transitive", c, p)
		}
	}
	t.Logf("%d chains; %d laws were not decided", chains, unknown)
	if chains == 0 {
		t.Error("no chain of proofs")
	}
}

// allows are the Allows among statements.
func allows(statements []string) (out []string) {
	for _, s := range statements {
		if strings.Contains(s, `"Effect":"Allow"`) {
			out = append(out, s)
		}
	}
	return out
}

// TestComplement: what is allowed on all actions but some, and on those, is allowed on all.
func TestComplement(t *testing.T) {
	first := firstSeed(t)
	for n := range uint64(*pairs) / 20 {
		m := newMaker(first + n)
		list, condition := fmt.Sprint(m.list(3, m.action)), m.condition()
		resource := fmt.Sprint(m.list(2, m.resource))
		statement := func(element, value, other, list string) string {
			return fmt.Sprintf(`{"Effect":"Allow",%q:%s,%q:%s%s}`, element, value, other, list, condition)
		}
		whole := []string{statement("Action", `"*"`, "Resource", resource)}
		split := []string{statement("Action", list, "Resource", resource), statement("NotAction", list, "Resource", resource)}
		halves := []string{statement("Action", list, "Resource", resource), statement("Action", list, "NotResource", resource)}
		all := []string{statement("Action", list, "Resource", `"*"`)}
		for _, pair := range [][2][]string{{whole, split}, {split, whole}, {halves, all}, {all, halves}} {
			if r := verdict(t, pair[0], pair[1], policy.IdentityBased); r.Verdict != check.Pass {
				t.Errorf("seed %d: got %s (%s), want pass\n%s\n%s", first+n, r.Verdict, r.Reason, pair[0], pair[1])
			}
		}
	}
}

// TestResultsRepeat: the same question has the same answer, byte for byte.
func TestResultsRepeat(t *testing.T) {
	t.Parallel()
	const first = 1
	text := func(r check.Result) string {
		out := fmt.Sprintln(r.Verdict, r.Reason)
		if x := r.Counterexample; x != nil {
			allowed, err := json.Marshal(x.Allowed)
			if err != nil {
				t.Fatal(err)
			}
			refused, err := json.Marshal(x.Refused)
			if err != nil {
				t.Fatal(err)
			}
			out += fmt.Sprintf("%v %v %v %v %s %s", x.Request.Principal, x.Request.Action, x.Request.Resource, x.Documented, allowed, refused)
			for key, values := range x.Request.Keys.All() {
				out += fmt.Sprintf("\n%s %q", key, values)
			}
		}
		return out
	}
	var seen [3]bool
	for n := range uint64(10) {
		m := newMaker(first + n)
		kind := policy.IdentityBased
		a, b := m.statements(), m.statements()
		if n%3 == 0 {
			kind = policy.ResourceBased
			a, b = []string{m.resourceStatement(kind), m.resourceStatement(kind)}, []string{m.resourceStatement(kind)}
		}
		want := ""
		for i := range 100 {
			r := verdict(t, a, b, kind) // of new documents, so that nothing is kept
			seen[r.Verdict] = true
			got := text(r)
			if i == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("seed %d, run %d: got\n%s\nwant\n%s", first+n, i, got, want)
			}
		}
	}
	if !seen[check.Fail] || !seen[check.Pass] {
		t.Errorf("pass %v, fail %v: want both among them", seen[check.Pass], seen[check.Fail])
	}
}

// TestConcurrentQuestions: questions about the same documents at the same time have the answers
// that they have one by one.
func TestConcurrentQuestions(t *testing.T) {
	names, all := managed()
	var documents []*policy.Document
	for _, i := range []int{0, len(names) / 3, len(names) / 2, len(names) - 1} {
		// Parsed anew, so that nothing is prepared.
		documents = append(documents, policy.Must(policy.Parse(all[names[i]].Source())))
	}
	var group sync.WaitGroup
	answers := make([][16]check.Verdict, 4)
	for worker := range answers {
		group.Go(func() {
			for i := range 16 {
				r, err := check.NoNewAccess(context.Background(), documents[i/4], documents[i%4], policy.IdentityBased)
				if err != nil {
					t.Error(err)
				}
				answers[worker][i] = r.Verdict
			}
		})
	}
	group.Wait()
	for _, got := range answers {
		if got != answers[0] || got[0] != check.Pass {
			t.Errorf("got %v and %v", answers[0], got)
		}
	}
}

// TestEmptyDocuments: no statements allow nothing, as a policy of any kind.
func TestEmptyDocuments(t *testing.T) {
	everything := []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}
	for _, k := range []policy.Kind{policy.IdentityBased, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControl} {
		if r := verdict(t, everything, nil, k); r.Verdict != check.Pass {
			t.Errorf("%s: nothing within everything: %s", k, r.Verdict)
		}
		if r := verdict(t, nil, everything, k); r.Verdict != check.Fail {
			t.Errorf("%s: everything within nothing: %s", k, r.Verdict)
		}
	}
}

// bounded fails when a question held much memory; its time is that of the test.
func bounded(t *testing.T, what func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	what()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapSys) - int64(before.HeapSys); held > 512<<20 {
		t.Errorf("%d MiB of heap were needed, want at most 512", held>>20)
	} else {
		t.Logf("%d MiB of heap", held>>20)
	}
}

// TestLimitsAreUnknown: what is too large for a proof is Unknown with a reason. Limits are
// counts, so that a verdict is the same on every machine.
func TestLimitsAreUnknown(t *testing.T) {
	entangled := func(k int) (list []string) {
		for i := range k {
			c := string(rune('a' + i))
			list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*%s*","Condition":{"StringEquals":{"aws:username":%q}}}`, c, c))
		}
		return list
	}
	reversed := func(list []string) []string { list = slices.Clone(list); slices.Reverse(list); return list }
	dnf := func(seed uint64, clauses int) (list []string) {
		m := newMaker(seed)
		for range clauses {
			var tests []string
			for _, i := range m.Perm(12)[:3] {
				tests = append(tests, fmt.Sprintf(`"aws:PrincipalTag/t%d":%q`, i, pick(m, "true", "false")))
			}
			list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{%s}}}`, strings.Join(tests, ",")))
		}
		return list
	}
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:G%d","Resource":"arn:aws:s3:::b%d/*"}`, i, i))
	}
	var conditions []string
	for i := range 3_000 {
		conditions = append(conditions, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:Get%d","Resource":"arn:aws:s3:::b%d/*","Condition":{"StringEquals":{"aws:username":"u%d"}}}`, i%7, i, i))
	}
	var values, addresses []string
	for i := range 5_000 {
		values = append(values, fmt.Sprintf("%q", fmt.Sprint(i)))
		addresses = append(addresses, fmt.Sprintf("%q", fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)))
	}
	numbers := fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"s3:max-keys":[%s]}}}`, strings.Join(values, ","))
	networks := fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":[%s]}}}`, strings.Join(addresses, ","))
	star := `{"Effect":"Allow","Action":"*","Resource":"*"}`
	for _, c := range []struct {
		name              string
		existing, updated []string
		want              check.Verdict
	}{
		{"12 entangled globs", entangled(12), reversed(entangled(12)), check.Pass},
		{"24 entangled globs", entangled(24), reversed(entangled(24)), check.Unknown},
		{"24 entangled globs, one more", entangled(23), entangled(24), check.Unknown},
		{"3-DNF within itself", dnf(1, 72), reversed(dnf(1, 72)), check.Pass},
		{"3-DNF and everything", dnf(2, 72), []string{star}, check.Fail},
		{"two 3-DNF", dnf(3, 72), dnf(4, 72), check.Fail},
		{"10,000 statements", many, reversed(many), check.Unknown},
		{"10,000 statements, one more", many[1:], many, check.Unknown},
		{"2,000 statements", many[:2_000], reversed(many[:2_000]), check.Pass},
		{"2,000 statements, one more", many[1:2_000], many[:2_000], check.Fail},
		{"3,000 statements with conditions", conditions, reversed(conditions), check.Pass},
		{"3,000 statements with conditions, one more", conditions[1:], conditions, check.Fail},
		{"5,000 numbers", []string{numbers}, []string{numbers}, check.Pass},
		{"5,000 networks", []string{networks}, []string{networks}, check.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			bounded(t, func() {
				start := time.Now()
				r := verdict(t, c.existing, c.updated, policy.IdentityBased)
				t.Logf("%s %s in %s", r.Verdict, r.Reason, time.Since(start))
				if r.Verdict != c.want || r.Verdict == check.Unknown && r.Reason == "" {
					t.Errorf("got %s (%s), want %s", r.Verdict, r.Reason, c.want)
				}
			})
		})
	}
}

// TestContextEnds: a question whose context has ended is Unknown, and says so.
func TestContextEnds(t *testing.T) {
	names, documents := managed()
	a, b := documents["arn:aws:iam::aws:policy/ReadOnlyAccess"], documents[names[0]]
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	for ctx, want := range map[context.Context]string{cancelled: "interrupted", late: "the deadline passed"} {
		for name, ask := range map[string]func() (check.Result, error){
			"NoNewAccess": func() (check.Result, error) { return check.NoNewAccess(ctx, a, b, policy.IdentityBased) },
			"Equivalent":  func() (check.Result, error) { return check.Equivalent(ctx, a, a, policy.IdentityBased) },
			"AccessNotGranted": func() (check.Result, error) {
				return check.AccessNotGranted(ctx, b, policy.IdentityBased, check.Access{Actions: []string{"x:Y"}})
			},
			"NoPublicAccess": func() (check.Result, error) {
				return check.NoPublicAccess(ctx, document([]string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}`}), policy.ResourceBased)
			},
		} {
			r, err := ask()
			if err != nil || r.Verdict != check.Unknown || r.Reason != want {
				t.Errorf("%s: got %s %q, %v, want unknown %q", name, r.Verdict, r.Reason, err, want)
			}
		}
	}
}
