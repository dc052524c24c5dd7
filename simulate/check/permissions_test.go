package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// speaks reports whether a row, with its exceptions or without, is about a request.
func speaks(p *simulate.Permission, a policy.Action, resource string) bool {
	if !slices.ContainsFunc(p.Actions, func(pattern string) bool { return glob.ActionIncludes(pattern, string(a)) }) {
		return false
	}
	return p.Resource == "*" || p.Resource == "" && resource == "" || p.Resource != "" && resource != "" && glob.ResourceIncludes(p.Resource, resource)
}

// A rowCheck holds certified rows against decisions.
type rowCheck struct {
	spec  org.Spec
	env   *simulate.Environment
	who   policy.Principal
	rows  []simulate.Permission
	tried int // requests
	asked int // of the oracle
}

// resources are some that rows may speak about: "" for none. Others' are not, but for rows that
// name them.
func (c *rowCheck) resources() (out []string) {
	account := c.who.AccountID()
	list := []string{"", "arn:aws:sqs:us-east-1:" + account + ":orders", "arn:aws:s3:::logs", "arn:aws:s3:::logs/a", "arn:aws:iam::" + account + ":user/ana",
		"arn:aws:iam::" + account + ":role/aws-reserved/x", "arn:aws:kms:us-east-1:" + account + ":alias/aws/s3", "arn:aws:kms:us-east-1:" + account + ":key/1234"}
	for j := range c.rows {
		for _, fill := range []string{"", "a", "a/b", "us-east-1"} {
			list = append(list, strings.NewReplacer("*", fill, "?", "x").Replace(strings.Replace(c.rows[j].Resource, "arn:*", "arn:aws", 1)))
		}
	}
	for a := range c.env.Organization().Accounts() {
		for _, r := range a.Resources {
			list = append(list, r.ARN.String(), r.ARN.String()+"/a")
		}
		for _, r := range a.Roles {
			list = append(list, r.ARN.String())
		}
	}
	for _, text := range list {
		arn, err := policy.ParseARN(text)
		switch {
		case text != "" && (err != nil || arn.Partition() != "aws" || strings.ContainsAny(text, "$")):
		case !slices.Contains(out, text):
			out = append(out, text)
		}
	}
	return out
}

// stranger reports whether the resource is of another account and row i does not name it.
func (c *rowCheck) stranger(i int, resource string) bool {
	arn, err := policy.ParseARN(resource)
	if err != nil {
		return false
	}
	owner := arn.AccountID()
	bucket, _, _ := strings.Cut(resource, "/")
	for a := range c.env.Organization().Accounts() {
		for _, r := range a.Resources {
			if text := r.ARN.String(); text == resource || arn.Service() == "s3" && text == bucket {
				owner = a.ID
			}
		}
	}
	return owner != "" && owner != c.who.AccountID() && !strings.HasPrefix(c.rows[i].Resource, bucket)
}

// contradicted looks for a request that row i speaks about, and that is decided otherwise by
// either evaluator. What its Requires says of a request is asked of another request with the
// keys that its tests speak of.
func (c *rowCheck) contradicted(t *rapid.T, i int) string {
	row := &c.rows[i]
	if row.Requires.Truncated {
		t.Fatalf("row %d is certified although its conditions were not told apart", i)
	}
	var actions []policy.Action
	for _, p := range row.Actions {
		n := 0
		for a := range serviceref.Embedded().Actions(p) {
			if n++; n%7 == 1 && len(actions) < 12 {
				actions = append(actions, a)
			}
		}
	}
	for _, resource := range c.resources() {
		if c.stranger(i, resource) {
			continue
		}
		arn, _ := policy.ParseARN(resource)
		_, isListed := c.env.Organization().Resource(arn)
		for _, a := range actions {
			info, _ := serviceref.Embedded().Action(a)
			fits := resource != "" && info.Fits(arn) || resource == "" && (len(slices.Collect(info.Resources())) == 0)
			excepted := false
			for j := i + 1; j < len(c.rows) && c.rows[j].Depth > row.Depth; j++ {
				excepted = excepted || speaks(&c.rows[j], a, resource)
			}
			if !fits || excepted || !speaks(row, a, resource) {
				continue
			}
			r := simulate.Request{Principal: c.who, Action: a, Resource: arn}
			q := spec.Request{Principal: c.who, Action: a, Resource: resource, Context: map[string][]string{}, WildcardOnly: resource == ""}
			give := func(name string, values ...string) {
				r.Keys = r.Keys.With(name, values...)
				q.Context[name] = values
			}
			if arn.IsValid() && arn.AccountID() == "" && !isListed {
				give("aws:ResourceAccount", c.who.AccountID())
			}
			for _, name := range gen.Keys() {
				lower := strings.ToLower(name)
				if _, state := c.env.Key(r, name); state != simulate.KeyUnknown || strings.HasPrefix(lower, "aws:principal") || strings.HasPrefix(lower, "aws:resource") || lower == "aws:sourcevpce" {
					continue
				}
				// Tags and a source identity that come with sts:AssumeRole ask for actions of their own.
				if strings.EqualFold(a.Service(), "sts") && (strings.HasPrefix(lower, "aws:requesttag") || lower == "aws:tagkeys" || strings.HasPrefix(lower, "sts:")) {
					continue
				}
				// A request with an age of MFA was made with MFA, which the oracle does not conclude.
				if _, mfa := q.Context["aws:MultiFactorAuthPresent"]; lower == "aws:multifactorauthage" && !mfa {
					continue
				}
				if values := gen.Values(name); len(values) > 0 && rapid.IntRange(0, 3).Draw(t, "given") == 0 {
					list := rapid.SampledFrom(values).Draw(t, name)
					if info, _ := serviceref.Embedded().Key(name); !info.Multivalued {
						list = list[:min(1, len(list))]
					}
					give(name, list...)
				}
			}
			if said := c.disagrees(row, r, q); said != "" {
				return fmt.Sprintf("%s on %s with %v: %s", a, resource, q.Context, said)
			}
		}
	}
	return ""
}

// disagrees is the decision that is not what the row says, or "".
func (c *rowCheck) disagrees(row *simulate.Permission, r simulate.Request, q spec.Request) string {
	c.tried++
	allowed, possible := c.holds(row.Requires.Allowed, r), c.holds(row.Requires.Possible, r)
	can := c.env.Can(r)
	if allowed == yes && can.Denied() || allowed == no && possible == no && can.Allowed() {
		return can.String()
	}
	d, err := spec.DecideOrg(c.spec, q)
	if err != nil {
		return ""
	}
	c.asked++
	if allowed == yes && d != spec.Allowed || allowed == no && possible == no && d == spec.Allowed {
		return fmt.Sprintf("%s, the oracle says %v", can, d)
	}
	return ""
}

type truth int

const (
	unknown truth = iota
	no
	yes
)

// holds reports whether one of the alternatives does, with keys that are not known absent.
func (c *rowCheck) holds(list []simulate.Alternative, r simulate.Request) truth {
	out := no
	for _, alternative := range list {
		all := yes
		for _, test := range alternative {
			switch is := c.test(test.Condition, r); {
			case is == unknown && all == yes:
				all = unknown
			case is != unknown && (is == yes) != test.Holds:
				all = no
			}
		}
		switch {
		case all == yes:
			return yes
		case all == unknown:
			out = unknown
		}
	}
	return out
}

// test decides a condition as an identity policy with no other does.
func (c *rowCheck) test(condition policy.Condition, r simulate.Request) truth {
	values, state := c.env.Key(r, condition.Key)
	for value := range condition.Values.All() {
		if strings.Contains(value, "${") {
			return unknown
		}
	}
	d, err := policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*"),
		Condition: policy.When(condition.Operator, condition.Key, slices.Collect(condition.Values.All())...)})
	if err != nil || state == simulate.KeyPresent {
		return unknown
	}
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{d}, GivenKeysOnly: true})
	if err != nil {
		return unknown
	}
	asked := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN(anaARN)), Action: "s3:ListAllMyBuckets"}
	if state == simulate.KeyKnown {
		asked.Keys = asked.Keys.With(condition.Key, values...)
	}
	switch decision := env.Can(asked); {
	case decision.Allowed():
		return yes
	case decision.Denied():
		return no
	}
	return unknown
}

// TestCertifiedRowsHold holds rows that are proved, as they are and with one of them changed,
// against both evaluators: whatever is done to a row, what is certified is true.
func TestCertifiedRowsHold(t *testing.T) {
	var rowsSeen, certified, whole, organizations, changed, refused, tried, asked int
	drawn := 0
	rapid.Check(t, func(t *rapid.T) {
		if drawn++; drawn > *pairs/20 {
			return // each costs as much as many pairs of documents
		}
		o := gen.Organization(t)
		c := rowCheck{spec: o}
		compiled, err := org.New(o)
		if err != nil {
			t.Skip(err)
		}
		if c.env, err = simulate.Compile(compiled); err != nil {
			t.Fatal(err)
		}
		c.who = somebody(t, compiled)
		q := simulate.PermissionQuery{Principal: c.who}
		if rapid.IntRange(0, 19).Draw(t, "narrowed") > 0 { // all actions take their time
			q.Actions = []string{"s3:*", "sqs:*", "iam:*", "sts:*", "kms:*"}
		}
		if c.rows, err = c.env.EffectivePermissions(context.Background(), q); err != nil || len(c.rows) == 0 {
			t.Skip(err)
		}
		hold := func() check.Result {
			r, err := check.CertifyPermissions(context.Background(), c.env, q, c.rows)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.rows {
				row := &c.rows[i]
				if !row.Certified {
					continue
				}
				if wrong := c.contradicted(t, i); wrong != "" {
					t.Fatalf("%s: row %d, %v on %s, %s: %s", c.who, i, row.Actions, row.Resource, row.Requires.String(), wrong)
				}
			}
			return r
		}
		organizations++
		if hold().Verdict == check.Pass {
			whole++
		}
		for i := range c.rows {
			if rowsSeen++; c.rows[i].Certified {
				certified++
			}
		}
		i := rapid.IntRange(0, len(c.rows)-1).Draw(t, "row")
		wasCertified := c.rows[i].Certified
		before := c.rows[i]
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			c.rows[i].Requires = simulate.Requirement{Allowed: []simulate.Alternative{nil}}
		case 1:
			c.rows[i].Requires = simulate.Requirement{}
		case 2:
			c.rows[i].Resource = "*"
		case 3:
			c.rows[i].Actions = []string{"*"}
		case 4:
			c.rows = slices.Delete(c.rows, i, i+1)
			i = -1
		}
		if i >= 0 && before.Requires.String() == c.rows[i].Requires.String() && before.Resource == c.rows[i].Resource && slices.Equal(before.Actions, c.rows[i].Actions) {
			t.Skip("nothing is changed")
		}
		hold()
		if i >= 0 && wasCertified {
			if changed++; !c.rows[i].Certified {
				refused++
			}
		}
		tried, asked = tried+c.tried, asked+c.asked
	})
	t.Logf("%d organizations, %d rows, %d certified, %d tables whole; %d certified rows changed, %d of them no longer certified; %d requests held against rows, %d of them by the oracle, too", organizations, rowsSeen, certified, whole, changed, refused, tried, asked)
	if certified == 0 || tried == 0 || refused == 0 {
		t.Error("nothing was held against a certified row")
	}
}

// queues is an account whose user ana may send and delete messages, of orders send only.
func queues(t *testing.T, change func(*org.Spec)) *simulate.Environment {
	t.Helper()
	s := org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "111122223333", Root: org.Root{ID: "r-root", Accounts: []string{"111122223333", "444455556666"}},
		Accounts: []org.Account{{ID: "111122223333", Users: []org.User{{ARN: policy.MustParseARN(anaARN), Inline: inline(t,
			`{"Effect":"Allow","Action":["sqs:SendMessage","sqs:DeleteMessage"],"Resource":"*"},
			{"Effect":"Deny","Action":"sqs:DeleteMessage","Resource":"arn:aws:sqs:*:*:orders"},
			{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-east-1:111122223333:key/*"},
			{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::logs","Condition":{"StringLike":{"s3:prefix":"ana/*"}}}`)}}},
			{ID: "444455556666"}},
	}
	if change != nil {
		change(&s)
	}
	o, err := org.New(s)
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// certifiedRows are the rows that are proved, as actions and resource.
func certifiedRows(rows []simulate.Permission) (out []string) {
	for i := range rows {
		if rows[i].Certified {
			out = append(out, strings.Join(rows[i].Actions, " ")+" on "+rows[i].Resource)
		}
	}
	return out
}

// TestCertifyPermissions: a row that says more or less than the policies is not certified.
func TestCertifyPermissions(t *testing.T) {
	env := queues(t, nil)
	q := simulate.PermissionQuery{Principal: policy.PrincipalFromARN(policy.MustParseARN(anaARN))}
	fresh := func() []simulate.Permission {
		rows, err := env.EffectivePermissions(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	const (
		send, orders = "sqs:DeleteMessage sqs:SendMessage on *", "sqs:DeleteMessage on arn:aws:sqs:*:*:orders"
		decrypt      = "kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/*"
		list, token  = "s3:ListBucket on arn:aws:s3:::logs", "sts:GetCallerIdentity sts:GetSessionToken on *"
	)
	every := []string{send, orders, decrypt, list, token}
	always := simulate.Requirement{Allowed: []simulate.Alternative{nil}}
	find := func(rows []simulate.Permission, name string) *simulate.Permission {
		i := slices.IndexFunc(rows, func(p simulate.Permission) bool { return strings.Join(p.Actions, " ")+" on "+p.Resource == name })
		if i < 0 {
			t.Fatalf("no row %s", name)
		}
		return &rows[i]
	}
	for name, c := range map[string]struct {
		change func([]simulate.Permission) []simulate.Permission
		lost   []string // rows that are certified no longer
		whole  bool
	}{
		"none": {whole: true},
		"an exception that allows": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, orders).Requires = always
				return rows
			},
			lost: []string{orders},
		},
		"an exception that is gone": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				return slices.DeleteFunc(rows, func(p simulate.Permission) bool { return p.Depth > 0 })
			},
			lost: []string{send, orders},
		},
		"a row that denies": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, send).Requires = simulate.Requirement{}
				return rows
			},
			lost: []string{send},
		},
		"a row that is gone": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				return slices.DeleteFunc(rows, func(p simulate.Permission) bool { return p.Resource == "*" && p.Actions[0] == "sqs:DeleteMessage" })
			},
			lost: []string{send},
		},
		"a condition that is gone": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, list).Requires = always
				return rows
			},
			lost: []string{list},
		},
		"more actions": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, send).Actions = []string{"sqs:S*"}
				return rows
			},
			lost: []string{send},
		},
		"a key's policy that is known": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, decrypt).Requires = always
				return rows
			},
			lost: []string{decrypt},
		},
		"a row about nothing": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, send).Resource = "arn:aws:s3:::logs"
				return rows
			},
			lost: []string{send},
		},
		"a row about another account": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, send).Resource = "arn:aws:sqs:us-east-1:444455556666:orders"
				return rows
			},
			lost: []string{send},
		},
		"conditions that were not told apart": {
			change: func(rows []simulate.Permission) []simulate.Permission {
				find(rows, list).Requires.Truncated = true
				return rows
			},
			lost: []string{list},
		},
	} {
		rows := fresh()
		if c.change != nil {
			rows = c.change(rows)
		}
		r, err := check.CertifyPermissions(context.Background(), env, q, rows)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, row := range every {
			if !slices.Contains(c.lost, row) {
				want = append(want, row)
			}
		}
		slices.Sort(want)
		got := certifiedRows(rows)
		if slices.Sort(got); !slices.Equal(got, want) || (r.Verdict == check.Pass) != c.whole {
			t.Errorf("%s: %s %s, certified %q, want %q", name, r.Verdict, r.Reason, got, want)
		}
	}
}

// TestNotCertified: nothing leads from what is not known to a certificate.
func TestNotCertified(t *testing.T) {
	ana := policy.PrincipalFromARN(policy.MustParseARN(anaARN))
	known, err := queues(t, nil).EffectivePermissions(context.Background(), simulate.PermissionQuery{Principal: ana})
	if err != nil {
		t.Fatal(err)
	}
	for i := range known {
		known[i].Certified = true // which must not stay
	}
	gap := func(subject, what string) func(*org.Spec) {
		return func(s *org.Spec) {
			s.Gaps = append(s.Gaps, org.Gap{Subject: subject, What: what, Reason: "AccessDenied"})
		}
	}
	cancelled, stop := context.WithCancel(context.Background())
	stop()
	for name, c := range map[string]struct {
		change func(*org.Spec)
		q      simulate.PermissionQuery
		ctx    context.Context
	}{
		"identity policies":       {change: gap(anaARN, org.GapIdentityPolicies)},
		"policies of all":         {change: gap("111122223333", org.GapResourcePolicy)},
		"resources of all":        {change: gap("111122223333", org.GapUnlisted)},
		"something else":          {change: gap("111122223333", org.GapEverything)},
		"keys of the request":     {q: simulate.PermissionQuery{Keys: simulate.Keys{}.With("s3:prefix", "ana/1")}},
		"a session":               {q: simulate.PermissionQuery{Session: new(simulate.Session)}},
		"an interrupted question": {ctx: cancelled},
	} {
		env := queues(t, c.change)
		c.q.Principal = ana
		rows := slices.Clone(known)
		ctx := c.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		r, err := check.CertifyPermissions(ctx, env, c.q, rows)
		if err != nil {
			t.Fatal(err)
		}
		if got := certifiedRows(rows); r.Verdict != check.Unknown || r.Reason == "" || len(got) > 0 {
			t.Errorf("%s: %s %q, certified %q", name, r.Verdict, r.Reason, got)
		}
	}
}
