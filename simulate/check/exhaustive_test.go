package check_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

var (
	pairs = flag.Int("pairs", 400, "random pairs of documents whose verdicts are held against every request of a small world")
	seed  = flag.Uint64("seed", 0, "seed of the first pair; 0: of the day")
)

// A maker draws documents over an alphabet so small that everything in it meets everything.
type maker struct {
	*rand.Rand
	keys []string // of this pair
}

func pick[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

func (m *maker) list(n int, each func() string) any {
	if k := 1 + m.IntN(n); k > 1 {
		out := make([]string, k)
		for i := range out {
			out[i] = each()
		}
		return quoted(out)
	}
	return fmt.Sprintf("%q", each())
}

func quoted(list []string) string {
	for i, s := range list {
		list[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func (m *maker) action() string {
	return pick(m, "*", "*:*", "a:*", "a:a", "A:B", "a:a*", "a:?", "b:*", "b:a?", "a:ab", "a:*b", "ab:*", "b:b")
}

func (m *maker) tail() string {
	return pick(m, "a", "b", "*", "a*", "*b", "a/*", "?", "a?", "*/*", "", "ab", "${aws:username}", "${k}/*", "a${k}", "${k}", "${k,'a'}", "${*}", "${aws:username}*")
}

func (m *maker) resource() string {
	switch m.IntN(8) {
	case 0:
		return "*"
	case 1:
		return pick(m, "arn:aws:s3:*", "arn:*", "arn:aws:s3:::*", "arn:aws:*:*:*:a", "arn:aws:s3:", "arn:aws:?3:::"+m.tail(), "*:a")
	}
	return "arn:aws:s3:" + pick(m, "", "", "*", "${k}") + "::" + m.tail()
}

// A keyKind is a context key with the operators and values that are drawn for it.
type keyKind struct {
	name      string
	operators []string
	values    []string   // of policies
	requests  [][]string // of requests; nil: absent
}

var stringOperators = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"}

var keyKinds = map[string]keyKind{
	// A key of nobody's catalogue: one value or several.
	"k": {"k", append([]string{"ArnLike", "ArnNotLike", "NumericEquals", "BinaryEquals"}, stringOperators...),
		[]string{"a", "b", "A", "*", "a*", "?", "", "ab", "${aws:username}", "${aws:username}", "a${aws:username}", "*${aws:username}", "?${aws:username}", "${*}", "1", "YQ==", "k", "\u212a"},
		[][]string{nil, {"k"}, {"K"}, {"\u212a"}, {"a"}, {"b"}, {"A"}, {"ab"}, {""}, {"a", "b"}, {"b", "b"}, {"*"}, {"1"}, {"YQ=="}, {"arn:a:b:c:d:e"}, {"aa"}, {"a/b"}, {"a:b"}}},
	"aws:username": {"aws:username", stringOperators,
		[]string{"a", "b", "*", "a*", "${k}", "${k,'b'}", "A"},
		[][]string{nil, {"a"}, {"b"}, {"ab"}, {""}, {"A"}, {"*"}, {"a/"}, {"b:a"}}},
	"aws:TagKeys": {"aws:TagKeys", stringOperators,
		[]string{"a", "b", "*", "a*", "${k}", "A"},
		[][]string{nil, {"a"}, {"b"}, {"a", "b"}, {"a", "ab"}, {"A"}, {"x"}, {"b", "x", "a"}}},
	"s3:max-keys": {"s3:max-keys", []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
		[]string{"1", "2", "3", "02", "x", "2.5", "-1"},
		[][]string{nil, {"1"}, {"2"}, {"2.0"}, {"3"}, {"2.5"}, {"2.2"}, {"-1"}, {"-7"}, {"100"}}},
	"aws:CurrentTime": {"aws:CurrentTime", []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals", "DateGreaterThan", "DateLessThanEquals"},
		[]string{"2026-01-01", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.5Z", "1767225600", "x"},
		[][]string{nil, {"2026-01-01"}, {"2025-01-01T01:02:03Z"}, {"2027-01-01T00:00:00.5Z"}, {"2026-06-01"}, {"2030-01-01"}}},
	"aws:SourceIp": {"aws:SourceIp", []string{"IpAddress", "NotIpAddress"},
		[]string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "2001:db8::/32", "x"},
		[][]string{nil, {"10.0.0.1"}, {"10.1.0.1"}, {"10.1.2.3"}, {"192.0.2.1"}, {"2001:db8::1"}, {"::1"}}},
	"aws:SecureTransport": {"aws:SecureTransport", []string{"Bool", "StringEquals", "StringNotEquals"},
		[]string{"true", "false", "TRUE", "x"},
		[][]string{nil, {"true"}, {"false"}, {"TRUE"}}},
	"aws:PrincipalArn": {"aws:PrincipalArn", append([]string{"ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"}, stringOperators...),
		[]string{"arn:a:b:c:d:e", "arn:a:b:c:d:*", "arn:*:b:c:d:e", "arn:a:b:c:d:${k}", "arn:a", "*", "${k}"},
		[][]string{nil, {"arn:a:b:c:d:e"}, {"arn:a:b:c:d:a"}, {"arn:a:b:c:d:a:b"}, {"arn:x:b:c:d:e"}, {"a"}}},
}

func (m *maker) condition() string {
	var ops []string
	for _, name := range m.keys {
		if m.IntN(2) == 0 {
			continue
		}
		k, ok := keyKinds[name]
		if !ok {
			k = callersOwn[name]
		}
		op := pick(m, k.operators...)
		switch m.IntN(8) {
		case 0:
			op = "ForAllValues:" + op
		case 1:
			op = "ForAnyValue:" + op
		}
		if m.IntN(4) == 0 {
			op += "IfExists"
		}
		values := m.list(3, func() string { return pick(m, k.values...) })
		if m.IntN(8) == 0 {
			op, values = "Null", any(fmt.Sprintf("%q", pick(m, "true", "false")))
		}
		ops = append(ops, fmt.Sprintf("%q:{%q:%v}", op, name, values))
		if m.IntN(3) > 0 {
			break
		}
	}
	if len(ops) == 0 {
		return ""
	}
	// One operator may stand twice in one block only under different names.
	seen := map[string]bool{}
	kept := ops[:0]
	for _, o := range ops {
		if name, _, _ := strings.Cut(o, ":{"); !seen[name] {
			seen[name] = true
			kept = append(kept, o)
		}
	}
	return `,"Condition":{` + strings.Join(kept, ",") + "}"
}

func (m *maker) statement() string {
	return fmt.Sprintf(`{"Effect":%q,%q:%v,%q:%v%s}`, pick(m, "Allow", "Allow", "Allow", "Deny"),
		pick(m, "Action", "Action", "Action", "NotAction"), m.list(3, m.action),
		pick(m, "Resource", "Resource", "Resource", "NotResource"), m.list(3, m.resource), m.condition())
}

func (m *maker) statements() []string {
	out := make([]string, 1+m.IntN(3))
	for i := range out {
		out[i] = m.statement()
	}
	return out
}

func document(statements []string) *policy.Document {
	return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + "]}")))
}

// change returns the statements with one edit, so that many pairs are nearly equal: that is
// where proofs are hard.
func (m *maker) change(statements []string) []string {
	out := append([]string(nil), statements...)
	i := m.IntN(len(out))
	switch m.IntN(5) {
	case 0:
		return append(out, m.statement())
	case 1:
		if len(out) > 1 {
			return append(out[:i], out[i+1:]...)
		}
	case 2:
		out[i] = strings.Replace(out[i], `"Deny"`, `"Allow"`, 1)
	case 3:
		out[i] = strings.NewReplacer("NotResource", "Resource", "NotAction", "Action").Replace(out[i])
	case 4:
		return m.statements()
	}
	return out
}

// most limits the requests that one pair is held against.
const most = 2500

// requests are all of the small world, for the keys of the pair.
func (m *maker) requests() []simulate.Request {
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	var keys []simulate.Keys
	var add func(i int, k simulate.Keys)
	add = func(i int, k simulate.Keys) {
		if i == len(m.keys) {
			keys = append(keys, k)
			return
		}
		for _, values := range keyKinds[m.keys[i]].requests {
			if values == nil && m.IntN(2) == 0 {
				add(i+1, k) // without the key is as with no value
				continue
			}
			add(i+1, k.With(m.keys[i], values...))
		}
	}
	add(0, simulate.Keys{})
	var out []simulate.Request
	for _, a := range []policy.Action{"a:a", "a:b", "a:ab", "b:a", "b:ab", "b:b", "ab:b", "c:c"} {
		for _, r := range []string{"", "a", "b", "ab", "a/b", "/", "a/", "*", "ba"} {
			out = append(out, simulate.Request{Principal: ana, Action: a, Resource: policy.MustParseARN("arn:aws:s3:::" + r)})
		}
		out = append(out, simulate.Request{Principal: ana, Action: a})
		for _, r := range []string{"arn:aws:s3:a::a", "arn:aws:b:::a", "arn:a:s3:x:y:a:b"} {
			out = append(out, simulate.Request{Principal: ana, Action: a, Resource: policy.MustParseARN(r)})
		}
	}
	// All actions and resources meet with all keys; of large worlds, a part.
	all := make([]simulate.Request, 0, len(out)*len(keys))
	step := 1 + len(out)*len(keys)/most
	for i := m.IntN(step); i < len(out)*len(keys); i += step {
		r := out[i%len(out)]
		r.Keys = keys[i/len(out)]
		all = append(all, r)
	}
	return all
}

func newMaker(seed uint64) *maker {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 7))}
	names := []string{"k", "aws:username", "aws:TagKeys", "s3:max-keys", "aws:CurrentTime", "aws:SourceIp", "aws:SecureTransport", "aws:PrincipalArn"}
	m.keys = []string{"k", "aws:username"} // of the variables
	if m.IntN(3) > 0 {
		m.keys[0] = names[m.IntN(len(names))]
	}
	if m.keys[0] != "aws:username" && m.IntN(2) == 0 {
		m.keys[1] = names[m.IntN(len(names))]
	}
	if m.keys[0] == m.keys[1] {
		m.keys = m.keys[:1]
	}
	return m
}

// firstSeed is logged, so that a failure can be run again.
func firstSeed(t *testing.T) uint64 {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().Unix() / 86400)
		s *= 1_000_003
	}
	t.Logf("-seed=%d -pairs=%d", s, *pairs)
	return s
}

// TestProofsHold compares random documents and holds every Pass against every request of a
// small world, alone and beside other policies: a request that is allowed with the updated
// document and not with the existing one is a wrong proof.
func TestProofsHold(t *testing.T) {
	t.Parallel()
	first := firstSeed(t)
	const parts = 4
	for part := range uint64(parts) {
		t.Run(fmt.Sprint("part ", part), func(t *testing.T) {
			t.Parallel()
			proofsHold(t, first, part, parts)
		})
	}
}

// proofsHold tries every parts-th pair, from one on.
func proofsHold(t *testing.T, first, part, parts uint64) {
	var count [3]int
	tried := 0
	for n := part; n < uint64(*pairs); n += parts {
		m := newMaker(first + n)
		old := m.statements()
		updated := m.change(old)
		kind := pick(m, policy.IdentityBased, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary)
		if m.IntN(2) == 0 {
			old, updated = updated, old
		}
		a, b := document(old), document(updated)
		r, err := check.NoNewAccess(context.Background(), a, b, kind)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		count[r.Verdict]++
		if r.Verdict == check.Unknown && testing.Verbose() {
			t.Logf("seed %d: %s\n%s\n%s", first+n, r.Reason, a, b)
		}
		if r.Verdict != check.Pass {
			continue
		}
		requests := m.requests()
		before, after := settings(kind, a), settings(kind, b)
		for i := range before {
			if i > 0 && uint64(i) != 1+n%uint64(len(before)-1) {
				continue // alone, and one of the others
			}
			before, after := before[i].decides(t), after[i].decides(t)
			for _, q := range requests {
				tried++
				if after(q) && !before(q) {
					t.Fatalf("seed %d: a wrong proof as %s, setting %d:\n%s\n%s\n%s on %s with %v", first+n, kind, i, a, b, q.Action, q.Resource, q.Keys)
				}
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs", count[check.Pass], count[check.Fail], count[check.Unknown], tried)
}

func stage(t *testing.T, k policy.Kind, d *policy.Document) *simulate.Environment {
	all := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))
	l := simulate.Layers{Identity: []*policy.Document{all}, BucketABAC: true, GivenKeysOnly: true, ResourceAccount: "111122223333"}
	switch k {
	case policy.ServiceControl:
		l.ServiceControl = [][]*policy.Document{{d}}
	case policy.PermissionsBoundary:
		l.Boundary = []*policy.Document{d}
	case policy.ResourceControl:
		l.ResourceControl = [][]*policy.Document{{d}}
	default:
		l.Identity = []*policy.Document{d}
	}
	e, err := simulate.CompileLayers(l, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// naming reports which requests a statement names, those of callers with tokens included.
func naming(t *testing.T, s policy.Statement) func(simulate.Request) bool {
	t.Helper()
	named := settings(policy.IdentityBased, policy.Must(policy.NewDocument(s)))[0].decides(t)
	s.Principal = policy.Everyone()
	granted := setting{spec.Request{Principal: policy.WebIdentityPrincipal("accounts.google.com"), ResourceAccount: "111122223333"},
		spec.Layers{ResourcePolicy: policy.Must(policy.NewDocument(s))}}.decides(t)
	return func(q simulate.Request) bool { return named(q) || granted(q) }
}

// knownServices are services that RCPs reach, and one that they do not. tokenActions are the
// actions of callers with tokens, among others.
var (
	knownServices = strings.NewReplacer(`"a:`, `"s3:`, `"A:`, `"S3:`, `"b:`, `"sqs:`, `"ab:`, `"ec2:`)
	tokenActions  = strings.NewReplacer(`"a:a"`, `"sts:AssumeRoleWithWebIdentity"`, `"A:B"`, `"STS:assumerole"`, `"a:b"`, `"sts:AssumeRole"`, `"a:ab"`, `"sts:TagSession"`,
		`"a:a*"`, `"sts:AssumeRoleWith*"`, `"a:?"`, `"sts:AssumeRole"`, `"a:*b"`, `"sts:*Session"`, `"a:*"`, `"sts:*"`, `"b:`, `"s3:`, `"ab:`, `"ec2:`)
)

// TestOracleProofsHold holds proofs against every request of a small world by the literal
// oracle alone, for all kinds of policies that name no principals, and RCPs.
func TestOracleProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs) / 10 {
		m := newMaker(first + n)
		kind := pick(m, policy.IdentityBased, policy.SessionPolicy, policy.ServiceControl, policy.PermissionsBoundary, policy.ResourceControl, policy.ResourceControl)
		known := pick(m, knownServices, tokenActions)
		old := m.statements()
		updated := m.change(old)
		if m.IntN(2) == 0 {
			old, updated = updated, old
		}
		var documents [2]*policy.Document
		for i, list := range [][]string{old, updated} {
			list = append([]string(nil), list...)
			for j, s := range list {
				list[j] = m.as(kind, known, s)
			}
			documents[i] = document(list)
		}
		r, err := check.NoNewAccess(context.Background(), documents[0], documents[1], kind)
		if err != nil {
			continue // a session policy with short ARNs, an RCP with a list of everything
		}
		count[r.Verdict]++
		if r.Verdict != check.Pass {
			continue
		}
		before, after := settings(kind, documents[0]), settings(kind, documents[1])
		for i, q := range m.requests() {
			if i%2 != 0 {
				continue
			}
			q.Action = policy.Action(strings.Trim(known.Replace(`"`+string(q.Action)+`"`), `"`))
			at := m.IntN(len(before))
			tried++
			if !after[at].oracle(q) {
				continue
			}
			allowed++
			if !before[at].oracle(q) {
				t.Fatalf("seed %d: a wrong proof as %s, setting %d:\n%s\n%s\n%s on %s with %v", first+n, kind, at, documents[0], documents[1], q.Action, q.Resource, q.Keys)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], tried, allowed)
	if count[check.Pass] == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}

// TestAccessProofsHold holds proofs that an access is not granted against every request of a
// small world that the access names.
func TestAccessProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	allowed, asked := 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs) / 3 {
		m := newMaker(first + n)
		kind := pick(m, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary, policy.ResourceControl)
		known := pick(m, realServices, tokenActions)
		list := m.statements()
		for i, s := range list {
			list[i] = m.as(kind, known, s)
		}
		var access check.Access
		unquoted := func(s string) string { return strings.Trim(known.Replace(`"`+s+`"`), `"`) }
		if m.IntN(4) > 0 {
			access.Actions = []string{unquoted(m.action()), unquoted(m.action())}[m.IntN(2):]
		}
		if access.Actions == nil || m.IntN(2) == 0 {
			access.Resources = []string{pick(m, "arn:aws:s3:::a*", "arn:aws:s3:::?", "arn:aws:s3:*", "*", "arn:aws:s3:::a/*")}
		}
		d := document(list)
		r, err := check.AccessNotGranted(context.Background(), d, kind, access)
		if err != nil {
			continue // AWS refuses the document as such a policy
		}
		count[r.Verdict]++
		if r.Verdict != check.Pass {
			continue
		}
		statement := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
		if access.Actions != nil {
			statement.Action = policy.List(access.Actions...)
		}
		if access.Resources != nil {
			statement.Resource = policy.List(access.Resources...)
		}
		names := naming(t, statement)
		all := settings(kind, d)
		places := []func(simulate.Request) bool{all[0].decides(t)}
		if kind == policy.ResourceControl { // which grants nobody, and lets pass everybody
			for _, s := range all[1:] {
				places = append(places, s.decides(t))
			}
		}
		for i, q := range m.requests() {
			q.Action = policy.Action(unquoted(string(q.Action)))
			asked++
			if !places[i%len(places)](q) {
				continue
			}
			allowed++
			if names(q) {
				t.Fatalf("seed %d: a wrong proof as %s: %v is granted by\n%s\n%s on %s with %v", first+n, kind, access, d, q.Action, q.Resource, q.Keys)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], asked, allowed)
	if count[check.Pass] == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}
