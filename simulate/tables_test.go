package simulate_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// The tables that the evaluation specification requires (§15), in full. What is expected
// is computed from the words of the rules, not by an evaluator; the engine and the oracle
// are both asked.

const (
	homeAccount, awayAccount = "111122223333", "444455556666"

	anaUser    = "arn:aws:iam::111122223333:user/ana"
	appRole    = "arn:aws:iam::111122223333:role/svc/app"
	appSession = "arn:aws:sts::111122223333:assumed-role/app/s1"
	federated  = "arn:aws:sts::111122223333:federated-user/bob"
	homeRoot   = "arn:aws:iam::111122223333:root"
	linkedRole = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
	logService = "logs.amazonaws.com"
	stranger   = "arn:aws:iam::111122223333:user/stranger"

	homeQueue = "arn:aws:sqs:eu-west-1:111122223333:orders"
	awayQueue = "arn:aws:sqs:eu-west-1:444455556666:orders"
)

var (
	allowsAll     = oneStatement(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")})
	allowsNothing = oneStatement(policy.Statement{Effect: policy.Allow, Action: policy.List("nosuch:Action"), Resource: policy.List("*")})
	deniesAll     = oneStatement(policy.Statement{Effect: policy.Deny, Action: policy.List("*"), Resource: policy.List("*")})
	everyoneDeny  = oneStatement(policy.Statement{Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("*"), Resource: policy.List("*")})
)

func oneStatement(s ...policy.Statement) *policy.Document {
	return policy.Must(policy.NewDocument(s...))
}

func tableDocs(d ...*policy.Document) []*policy.Document { return d }

// grantTo is a resource policy that allows these principals everything; none: no policy.
func grantTo(p policy.Principals) *policy.Document {
	if p.IsZero() {
		return nil
	}
	return oneStatement(policy.Statement{Effect: policy.Allow, Principal: p, Action: policy.List("*"), Resource: policy.List("*")})
}

func awsEntries(ids ...string) policy.Principals {
	return policy.PrincipalList(policy.AWSPrincipal, ids...)
}

// withDeny is the resource policy with one more Deny, of everybody.
func withDeny(t testing.TB, d *policy.Document) *policy.Document {
	t.Helper()
	if d == nil {
		return everyoneDeny
	}
	out, err := d.Append(everyoneDeny.Statement(0))
	require.NoError(t, err)
	return out
}

func tableRequest(t testing.TB, principal string, action policy.Action, resource string) spec.Request {
	t.Helper()
	p, err := policy.ParsePrincipal(principal)
	require.NoError(t, err)
	r := spec.Request{Principal: p, Action: action, Resource: resource}
	if p.Kind() == policy.RoleSession {
		r.RoleARN = policy.MustParseARN(appRole)
	}
	if p.Kind() == policy.FederatedUser {
		r.IssuingUser = policy.MustParseARN(anaUser)
	}
	return r
}

// askCell puts one cell of a table to Can, Explain and the oracle.
func askCell(t testing.TB, want simulate.Outcome, l spec.Layers, r spec.Request, cell string, args ...any) {
	t.Helper()
	cell = fmt.Sprintf(cell, args...)
	env, q := compileCell(t, l, r)
	got := env.Can(q)
	if got.Outcome != want {
		t.Errorf("%s: got %s, want %s", cell, got, want)
	}
	if x := env.Explain(q); x.Decision != got {
		t.Errorf("%s: Explain says %s, Can %s", cell, x.Decision, got)
	}
	if oracle := spec.Decide(l, r); oracle.String() != want.String() {
		t.Errorf("%s: the oracle says %s, want %s", cell, oracle, want)
	}
}

func compileCell(t testing.TB, l spec.Layers, r spec.Request) (*simulate.Environment, simulate.Request) {
	t.Helper()
	layers := simulate.Layers{
		Identity: l.Identity, Boundary: l.Boundary, ServiceControl: l.SCPs, ResourceControl: l.RCPs,
		Resource: l.ResourcePolicy, ManagementAccount: l.ManagementAccount, ResourceAccount: r.ResourceAccount,
		ObjectOwner: r.ObjectOwner, CanonicalID: r.CanonicalID, BlockPublicAccess: l.BlockPublicAccess,
		BucketABAC: l.BucketABAC, GivenKeysOnly: true,
	}
	for _, e := range l.Endpoints {
		layers.Endpoints = append(layers.Endpoints, simulate.EndpointPolicy{Gateway: e.Gateway, Policy: e.Policy})
	}
	env, err := simulate.CompileLayers(layers, simulate.WithStrictKeys())
	require.NoError(t, err)
	session, err := simulate.NewSession(simulate.SessionSpec{
		Policies: l.Session, Role: r.RoleARN, IssuingUser: r.IssuingUser, PrincipalID: r.PrincipalID,
	})
	require.NoError(t, err)
	q := simulate.Request{
		Principal: r.Principal, Action: r.Action, Session: session,
		Keys: simulate.KeysFrom(r.Context).WithMultivalued(r.Multivalued...),
	}
	if r.Resource != "*" {
		q.Resource = policy.MustParseARN(r.Resource)
	}
	return env, q
}

func allowedIf(b bool) simulate.Outcome {
	if b {
		return simulate.Allowed
	}
	return simulate.ImplicitDeny
}

// An operatorRow is one condition operator with values of the request that match the
// first policy value, none of the policy values, and that the operator cannot read.
type operatorRow struct {
	operator       string
	negated        bool
	want           [2]string // policy values
	hit, miss, bad string    // bad: "" if every text can be read
}

var operatorRows = []operatorRow{
	{"StringEquals", false, [2]string{"red", "blue"}, "red", "Red", ""},
	{"StringNotEquals", true, [2]string{"red", "blue"}, "red", "Red", ""},
	{"StringEqualsIgnoreCase", false, [2]string{"red", "blue"}, "RED", "reds", ""},
	{"StringNotEqualsIgnoreCase", true, [2]string{"red", "blue"}, "RED", "reds", ""},
	{"StringLike", false, [2]string{"r?d*", "b*"}, "red-1", "Red", ""},
	{"StringNotLike", true, [2]string{"r?d*", "b*"}, "red-1", "Red", ""},
	{"NumericEquals", false, [2]string{"10.50", "7"}, "10.5", "10.51", "ten"},
	{"NumericNotEquals", true, [2]string{"10.50", "7"}, "10.5", "10.51", "ten"},
	{"NumericLessThan", false, [2]string{"10", "5"}, "7", "10", "ten"},
	{"NumericLessThanEquals", false, [2]string{"10", "5"}, "10", "11", "ten"},
	{"NumericGreaterThan", false, [2]string{"10", "20"}, "15", "10", "ten"},
	{"NumericGreaterThanEquals", false, [2]string{"10", "20"}, "10", "9.9", "ten"},
	{"DateEquals", false, [2]string{"2024-03-01T11:00:00Z", "2025-01-01"}, "1709290800", "2024-03-01", "yesterday"},
	{"DateNotEquals", true, [2]string{"2024-03-01T11:00:00Z", "2025-01-01"}, "1709290800", "2024-03-01", "yesterday"},
	{"DateLessThan", false, [2]string{"2024-03-01", "2020-01-01"}, "2023-01-01", "2024-03-01", "yesterday"},
	{"DateLessThanEquals", false, [2]string{"2024-03-01", "2020-01-01"}, "2024-03-01", "2024-03-02", "yesterday"},
	{"DateGreaterThan", false, [2]string{"2024-03-01", "2030-01-01"}, "2024-03-02", "2024-03-01", "yesterday"},
	{"DateGreaterThanEquals", false, [2]string{"2024-03-01", "2030-01-01"}, "2024-03-01", "2024-02-29", "yesterday"},
	{"Bool", false, [2]string{"true", "TRUE"}, "True", "false", "yes"},
	{"BinaryEquals", false, [2]string{"QmluYXJ5", "AAAA"}, "QmluYXJ5", "QmluYXJ6", ""},
	{"IpAddress", false, [2]string{"203.0.113.0/24", "2001:db8::/32"}, "203.0.113.7", "198.51.100.1", "localhost"},
	{"NotIpAddress", true, [2]string{"203.0.113.0/24", "2001:db8::/32"}, "203.0.113.7", "198.51.100.1", "localhost"},
	{"ArnEquals", false, [2]string{"arn:aws:sns:*:111122223333:o*", "arn:aws:sqs:*:*:*"}, "arn:aws:sns:eu-west-1:111122223333:orders", "arn:aws:sns:eu-west-1:111122223333:logs", "orders"},
	{"ArnLike", false, [2]string{"arn:aws:sns:*:111122223333:o*", "arn:aws:sqs:*:*:*"}, "arn:aws:sns:eu-west-1:111122223333:orders", "arn:aws:sns:eu-west-1:111122223333:logs", "orders"},
	{"ArnNotEquals", true, [2]string{"arn:aws:sns:*:111122223333:o*", "arn:aws:sqs:*:*:*"}, "arn:aws:sns:eu-west-1:111122223333:orders", "arn:aws:sns:eu-west-1:111122223333:logs", "orders"},
	{"ArnNotLike", true, [2]string{"arn:aws:sns:*:111122223333:o*", "arn:aws:sqs:*:*:*"}, "arn:aws:sns:eu-west-1:111122223333:orders", "arn:aws:sns:eu-west-1:111122223333:logs", "orders"},
}

// passes is R-CND-10 and R-CND-14 for one of the row's values.
func (o operatorRow) passes(value string) bool {
	switch value {
	case o.bad:
		return false
	case o.hit:
		return !o.negated
	}
	return o.negated
}

// holds is R-CND-5, 7, 8, 9, 11 and 13. A key without values is missing.
func (o operatorRow) holds(quantifier string, ifExists, multivalued bool, given []string) bool {
	switch {
	case len(given) == 0 && quantifier == "ForAllValues:":
		return true
	case len(given) == 0 && quantifier == "ForAnyValue:":
		return false
	case len(given) == 0:
		return ifExists || o.negated
	case quantifier == "ForAllValues:":
		return !slices.ContainsFunc(given, func(v string) bool { return !o.passes(v) })
	case quantifier == "ForAnyValue:":
		return slices.ContainsFunc(given, o.passes)
	case multivalued || len(given) > 1:
		return false
	}
	return o.passes(given[0])
}

// TestOperatorTable is §15, 1: every operator × {match, no match, missing key, type error}
// × {plain, IfExists, ForAllValues, ForAnyValue} × {one value, several}, as Allow and as Deny.
func TestOperatorTable(t *testing.T) {
	t.Parallel()
	var names []string
	for _, row := range operatorRows {
		names = append(names, row.operator)
		t.Run(row.operator, func(t *testing.T) {
			values := []string{row.hit, row.miss}
			if row.bad != "" {
				values = append(values, row.bad)
			}
			given := [][]string{nil, {}}
			for _, a := range values {
				given = append(given, []string{a})
				for _, b := range values {
					given = append(given, []string{a, b}, []string{a, b, a})
				}
			}
			for _, quantifier := range []string{"", "ForAllValues:", "ForAnyValue:"} {
				for _, ifExists := range []bool{false, true} {
					for _, multivalued := range []bool{false, true} {
						for _, g := range given {
							row.cell(t, quantifier, ifExists, multivalued, g)
						}
					}
				}
			}
		})
	}
	for _, base := range policy.Operators() {
		require.True(t, base == "Null" || slices.Contains(names, base), "operator %s is not in the table", base)
	}
}

func (o operatorRow) cell(t *testing.T, quantifier string, ifExists, multivalued bool, given []string) {
	t.Helper()
	op := quantifier + o.operator
	if ifExists {
		op += "IfExists"
	}
	r := tableRequest(t, anaUser, "sqs:SendMessage", homeQueue)
	if given != nil {
		r.Context = map[string][]string{"acme:Key": given}
	}
	if multivalued {
		r.Multivalued = []string{"acme:Key"}
	}
	holds := o.holds(quantifier, ifExists, multivalued, given)
	for n := 1; n <= len(o.want); n++ {
		when := policy.When(policy.Operator(op), "acme:Key", o.want[:n]...)
		l := spec.Layers{Identity: tableDocs(everythingIf(policy.Allow, when))}
		askCell(t, allowedIf(holds), l, r, "Allow if %s %q is in %q, multivalued=%t", op, given, o.want[:n], multivalued)
		l.Identity = tableDocs(allowsAll, everythingIf(policy.Deny, when))
		want := simulate.Allowed
		if holds {
			want = simulate.ExplicitDeny
		}
		askCell(t, want, l, r, "Deny if %s %q is in %q, multivalued=%t", op, given, o.want[:n], multivalued)
	}
}

func everythingIf(e policy.Effect, c policy.Conditions) *policy.Document {
	return oneStatement(policy.Statement{Effect: e, Action: policy.List("*"), Resource: policy.List("*"), Condition: c})
}

// TestNullTable is the part of §15, 1 that has neither match nor type error.
func TestNullTable(t *testing.T) {
	t.Parallel()
	for _, op := range []policy.Operator{"Null", "NullIfExists", "null"} {
		for _, given := range [][]string{nil, {}, {""}, {"a"}, {"a", "b"}} {
			for _, want := range [][]string{{"true"}, {"false"}, {"true", "false"}} {
				present := len(given) > 0
				holds := present && slices.Contains(want, "false") || !present && slices.Contains(want, "true")
				r := tableRequest(t, anaUser, "sqs:SendMessage", homeQueue)
				r.Context = map[string][]string{"acme:Key": given}
				askCell(t, allowedIf(holds), spec.Layers{Identity: tableDocs(everythingIf(policy.Allow, policy.When(op, "acme:Key", want...)))}, r,
					"%s %q of %q", op, want, given)
			}
		}
	}
}

// A sameAccountRow is one line of the table of §10: no identity policy allows; the cells
// are "no PB/SP", "PB implicit deny", "SP implicit deny".
type sameAccountRow struct {
	requester string
	named     policy.Principals
	cells     [3]string // "allow", "deny", "" where there is no such layer
}

var sameAccountTable = []sameAccountRow{
	{anaUser, awsEntries(anaUser), [3]string{"allow", "allow", ""}},
	{anaUser, policy.Everyone(), [3]string{"allow", "allow", ""}},
	{anaUser, awsEntries("*"), [3]string{"allow", "allow", ""}},
	{anaUser, awsEntries(homeAccount), [3]string{"deny", "deny", ""}},
	{anaUser, awsEntries(homeRoot), [3]string{"deny", "deny", ""}},
	{appSession, awsEntries(appRole), [3]string{"allow", "deny", "deny"}},
	{appSession, awsEntries(appSession), [3]string{"allow", "allow", "allow"}},
	{appSession, policy.Everyone(), [3]string{"allow", "allow", "allow"}},
	{appSession, awsEntries(homeAccount), [3]string{"deny", "deny", "deny"}},
	{federated, awsEntries(federated), [3]string{"allow", "allow", "allow"}},
	{federated, awsEntries(anaUser), [3]string{"allow", "deny", "deny"}}, // allow if the session policy allows, which it does here
	{logService, policy.PrincipalList(policy.ServicePrincipalType, logService), [3]string{"allow", "", ""}},
	{logService, policy.Everyone(), [3]string{"allow", "", ""}},
	// Not in the table of §10, but in its rules: nobody is named, or somebody else.
	{anaUser, awsEntries(stranger), [3]string{"deny", "deny", ""}},
	{appSession, awsEntries(stranger), [3]string{"deny", "deny", "deny"}},
	{federated, awsEntries(homeAccount), [3]string{"deny", "deny", "deny"}},
	{appSession, policy.Principals{}, [3]string{"deny", "deny", "deny"}},
}

// TestSameAccountTable is §15, 2: the table of §10 without and with an identity Allow, and
// each cell again with an explicit deny in each layer.
func TestSameAccountTable(t *testing.T) {
	t.Parallel()
	for i, row := range sameAccountTable {
		for column, cell := range row.cells {
			if cell == "" {
				continue
			}
			for _, identityAllow := range []bool{false, true} {
				l := spec.Layers{ResourcePolicy: grantTo(row.named)}
				r := tableRequest(t, row.requester, "sqs:SendMessage", homeQueue)
				if row.requester == federated {
					l.Session = tableDocs(allowsAll)
				}
				switch column {
				case 1:
					l.Boundary = tableDocs(allowsNothing)
				case 2:
					l.Session = tableDocs(allowsNothing)
				}
				want := cell == "allow"
				if identityAllow {
					l.Identity = tableDocs(allowsAll)
					// R-GRT-4: the identity policy grants where boundary and session allow. A
					// service has none (R-LAY-3).
					want = want || column == 0 && row.requester != logService
				}
				name := fmt.Sprintf("row %d, %s, column %d, identity=%t", i, row.requester, column, identityAllow)
				askCell(t, allowedIf(want), l, r, "%s", name)
				denyEverywhere(t, l, r, allowedIf(want), name)
			}
		}
	}
}

// denyEverywhere asks again with a Deny in one layer after the other: it wins wherever
// the layer applies to the caller (R-RES-2, R-LAY-3, R-ROOT-1).
func denyEverywhere(t *testing.T, l spec.Layers, r spec.Request, without simulate.Outcome, name string) {
	t.Helper()
	identity := r.Principal.AccountID() != "" && r.Principal.Kind() != policy.Root
	for _, d := range []struct {
		layer   string
		applies bool
		add     func(l *spec.Layers)
	}{
		{"identity", identity, func(l *spec.Layers) { l.Identity = append(slices.Clone(l.Identity), deniesAll) }},
		{"boundary", identity, func(l *spec.Layers) {
			if len(l.Boundary) == 0 {
				l.Boundary = tableDocs(allowsAll)
			}
			l.Boundary = append(slices.Clone(l.Boundary), deniesAll)
		}},
		{"session", identity, func(l *spec.Layers) {
			if len(l.Session) == 0 {
				l.Session = tableDocs(allowsAll)
			}
			l.Session = append(slices.Clone(l.Session), deniesAll)
		}},
		{"scp", r.Principal.AccountID() != "", func(l *spec.Layers) { l.SCPs = append(slices.Clone(l.SCPs), tableDocs(allowsAll, deniesAll)) }},
		{"rcp", true, func(l *spec.Layers) { l.RCPs = append(slices.Clone(l.RCPs), tableDocs(everyoneDeny)) }},
		{"resource", true, func(l *spec.Layers) { l.ResourcePolicy = withDeny(t, l.ResourcePolicy) }},
		{"endpoint", true, func(l *spec.Layers) {
			l.Endpoints = append(slices.Clone(l.Endpoints), spec.Endpoint{Policy: everyoneDeny})
		}},
	} {
		denied, want := l, simulate.ExplicitDeny
		d.add(&denied)
		if !d.applies {
			want = without
		}
		askCell(t, want, denied, r, "%s, deny in %s", name, d.layer)
	}
}

// TestCrossAccountTable is §15, 3: {resource policy none, account, principal, *} ×
// {identity allow, none, deny} × {boundary, session policy}: R-GRT-6.
func TestCrossAccountTable(t *testing.T) {
	t.Parallel()
	for _, who := range []struct {
		requester string
		named     policy.Principals
	}{{anaUser, awsEntries(anaUser)}, {appSession, awsEntries(appSession)}, {appSession, awsEntries(appRole)}, {federated, awsEntries(federated)}, {federated, awsEntries(anaUser)}} {
		for name, resource := range map[string]*policy.Document{
			"none": nil, "account": grantTo(awsEntries(homeAccount)), "principal": grantTo(who.named), "*": grantTo(policy.Everyone()),
			"other": grantTo(awsEntries(awayAccount)),
		} {
			for _, identity := range []string{"allow", "none", "deny"} {
				for _, boundary := range []string{"absent", "allow", "implicit"} {
					for _, session := range []string{"absent", "allow", "implicit"} {
						l := spec.Layers{ResourcePolicy: resource}
						switch identity {
						case "allow":
							l.Identity = tableDocs(allowsAll)
						case "deny":
							l.Identity = tableDocs(allowsAll, deniesAll)
						}
						l.Boundary, l.Session = limitedBy(boundary), limitedBy(session)
						// R-SES-2: without a session policy a federated user has no permissions.
						sessionAllows := session == "allow" || session == "absent" && who.requester != federated
						want := allowedIf(name != "none" && name != "other" && identity == "allow" && boundary != "implicit" && sessionAllows)
						if identity == "deny" {
							want = simulate.ExplicitDeny
						}
						askCell(t, want, l, tableRequest(t, who.requester, "sqs:SendMessage", awayQueue),
							"%s: RP %s, ID %s, PB %s, SP %s", who.requester, name, identity, boundary, session)
					}
				}
			}
		}
	}
}

func limitedBy(what string) []*policy.Document {
	switch what {
	case "allow":
		return tableDocs(allowsNothing, allowsAll)
	case "implicit":
		return tableDocs(allowsNothing)
	}
	return nil
}

// A controlCaller is one kind of caller in front of SCPs and RCPs.
type controlCaller struct {
	name, principal string
	management      string
	scps, rcps      bool // they apply
}

var controlCallers = []controlCaller{
	{"user", anaUser, "", true, true},
	{"role session", appSession, "", true, true},
	{"role", appRole, "", true, true},
	{"federated user", federated, "", true, true},
	{"root", homeRoot, "", true, true},                               // R-SCP-6
	{"management account", anaUser, homeAccount, false, false},       // R-SCP-5, R-RCP-2: its queue too
	{"root of management", homeRoot, homeAccount, false, false},      //
	{"another is management", anaUser, awayAccount, true, true},      //
	{"service-linked role", linkedRole, "", false, false},            // R-SCP-5, R-RCP-2
	{"service", logService, "", false, true},                         // R-LAY-3, R-RCP-4
	{"anonymous", "*", "", false, true},                              //
	{"service of management", logService, homeAccount, false, false}, // its queue
}

// TestControlPolicyTable is §15, 4: three levels, each allowing, lacking, empty or
// denying, for SCPs and for RCPs, and every kind of caller.
func TestControlPolicyTable(t *testing.T) {
	t.Parallel()
	kinds := []string{"allow", "lack", "empty", "deny"}
	for _, c := range controlCallers {
		t.Run(c.name, func(t *testing.T) {
			base := spec.Layers{
				Identity: tableDocs(allowsAll), ResourcePolicy: grantTo(policy.Everyone()), ManagementAccount: c.management,
			}
			if c.principal == federated {
				base.Session = tableDocs(allowsAll)
			}
			r := tableRequest(t, c.principal, "sqs:SendMessage", homeQueue)
			askCell(t, simulate.Allowed, base, r, "no path at all")
			for _, root := range kinds {
				for _, ou := range kinds {
					for _, account := range kinds {
						path := []string{root, ou, account}
						l := base
						l.SCPs = controlLevels(path, policy.ServiceControl)
						askCell(t, scpsSay(path, c.scps), l, r, "SCPs %v", path)
						l = base
						l.RCPs = controlLevels(path, policy.ResourceControl)
						askCell(t, rcpsSay(path, c.rcps), l, r, "RCPs %v", path)
					}
				}
			}
		})
	}
}

func controlLevels(path []string, k policy.Kind) [][]*policy.Document {
	everyone := func(d *policy.Document) *policy.Document {
		if k != policy.ResourceControl {
			return d
		}
		s := d.Statement(0)
		s.Principal = policy.Everyone()
		return oneStatement(s)
	}
	var out [][]*policy.Document
	for _, what := range path {
		switch what {
		case "allow":
			out = append(out, tableDocs(everyone(allowsNothing), everyone(allowsAll)))
		case "lack":
			out = append(out, tableDocs(everyone(allowsNothing)))
		case "empty":
			out = append(out, tableDocs())
		case "deny":
			out = append(out, tableDocs(everyone(allowsAll), everyone(deniesAll)))
		}
	}
	return out
}

// scpsSay is R-SCP-1, 2, 3 and 5.
func scpsSay(path []string, apply bool) simulate.Outcome {
	switch {
	case !apply:
		return simulate.Allowed
	case slices.Contains(path, "deny"):
		return simulate.ExplicitDeny
	case slices.Contains(path, "lack"), slices.Contains(path, "empty"):
		return simulate.ImplicitDeny
	}
	return simulate.Allowed
}

// rcpsSay is R-RCP-1 and 2: the full-access RCP is at every level, so only Denies count.
func rcpsSay(path []string, apply bool) simulate.Outcome {
	if apply && slices.Contains(path, "deny") {
		return simulate.ExplicitDeny
	}
	return simulate.Allowed
}

// TestOwnTrustTable is §15, 5: resources that decide for themselves, a KMS key and a role
// to be assumed: {direct, role, account, *, other, no policy} × {identity allow, none}, in
// one account and across two.
func TestOwnTrustTable(t *testing.T) {
	t.Parallel()
	for _, target := range []struct {
		action   policy.Action
		resource string
	}{
		{"kms:Decrypt", "arn:aws:kms:eu-west-1:%s:key/k1"},
		{"sts:AssumeRole", "arn:aws:iam::%s:role/deploy"},
		{"sts:TagSession", "arn:aws:iam::%s:role/deploy"},
		{"sts:SetSourceIdentity", "arn:aws:iam::%s:role/deploy"},
	} {
		for _, requester := range []string{anaUser, appSession, appRole} {
			for name, named := range map[string]policy.Principals{
				"direct": awsEntries(requester), "role": awsEntries(appRole), "account": awsEntries(homeRoot), "*": policy.Everyone(),
				"other": awsEntries(stranger), "no policy": {},
			} {
				if name == "role" && requester == anaUser {
					continue
				}
				for _, owner := range []string{homeAccount, awayAccount} {
					for _, identity := range []bool{false, true} {
						r := tableRequest(t, requester, target.action, strings.ReplaceAll(target.resource, "%s", owner))
						l := spec.Layers{ResourcePolicy: grantTo(named)}
						if identity {
							l.Identity = tableDocs(allowsAll)
						}
						askCell(t, allowedIf(trustGrants(name, owner == homeAccount, identity)), l, r,
							"%s by %s on %s: policy names %s, identity=%t", target.action, requester, r.Resource, name, identity)
					}
				}
			}
		}
	}
}

// trustGrants is R-KMS-1 and R-STS-1 in one account, R-KMS-4 and R-STS-2 across accounts.
func trustGrants(named string, sameAccount, identity bool) bool {
	switch {
	case named == "other" || named == "no policy":
		return false
	case !sameAccount || named == "account":
		return identity
	}
	return true
}

// TestEnvironmentIsImmutable is §15, 7: one environment, asked by many at a time and for
// two principals in turn, answers as if each were alone.
func TestEnvironmentIsImmutable(t *testing.T) {
	t.Parallel()
	l := spec.Layers{
		Identity: tableDocs(oneStatement(policy.Statement{
			Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::home/${aws:username}/*"),
			Condition: policy.When("StringEquals", "aws:PrincipalTag/team", "${aws:RequestTag/team, 'red'}"),
		})),
		SCPs: [][]*policy.Document{tableDocs(allowsAll), tableDocs(allowsAll, everythingIf(policy.Deny, policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1")))},
	}
	ana, bob := tableRequest(t, anaUser, "s3:GetObject", "arn:aws:s3:::home/ana/x"), tableRequest(t, "arn:aws:iam::111122223333:user/bob", "s3:GetObject", "arn:aws:s3:::home/ana/x")
	ana.Context = map[string][]string{"aws:username": {"ana"}, "aws:PrincipalTag/team": {"red"}, "aws:RequestedRegion": {"eu-west-1"}}
	bob.Context = map[string][]string{"aws:username": {"bob"}, "aws:PrincipalTag/team": {"red"}, "aws:RequestedRegion": {"eu-west-1"}}
	abroad := ana
	abroad.Context = map[string][]string{"aws:username": {"ana"}, "aws:PrincipalTag/team": {"red"}, "aws:RequestedRegion": {"us-east-1"}}
	asked := []struct {
		request spec.Request
		want    simulate.Outcome
	}{{ana, simulate.Allowed}, {bob, simulate.ImplicitDeny}, {abroad, simulate.ExplicitDeny}}

	env, _ := compileCell(t, l, ana)
	var requests []simulate.Request
	for _, a := range asked {
		alone, r := compileCell(t, l, a.request)
		require.Equal(t, a.want, alone.Can(r).Outcome)
		requests = append(requests, r)
	}
	const goroutines, rounds = 16, 200
	failures := make(chan string, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				n := (g + i) % len(asked)
				got := env.Can(requests[n])
				if i%20 == 0 {
					got = env.Explain(requests[n]).Decision
				}
				if got.Outcome != asked[n].want {
					failures <- fmt.Sprintf("request %d: got %s, want %s", n, got, asked[n].want)
					return
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	for f := range failures {
		t.Error(f)
	}
}

// TestPresenceTable is the table of R-CTX-4, and what §13 says of other keys: whether a key
// that nobody gave is in the request. "+" always, "-" never, "c" depends, "." not asked. The question is
// put with Null, to an environment that derives nothing and does not take what is not
// given to be absent.
func TestPresenceTable(t *testing.T) {
	t.Parallel()
	columns := []string{homeRoot, anaUser, appSession, federated, logService, "*"}
	for _, row := range []struct{ key, presence string }{
		{"aws:PrincipalArn", "++++--"},
		{"aws:username", "-+----"},
		{"aws:userid", "++++-+"},
		{"aws:TokenIssueTime", "-c++--"}, // a user's ARN does not say whether the credentials are temporary
		{"aws:MultiFactorAuthPresent", "ccc---"},
		{"aws:MultiFactorAuthAge", "ccc---"},
		{"aws:PrincipalTag/team", "-ccc--"},
		{"aws:PrincipalOrgID", "cccc--"},
		{"aws:PrincipalOrgPaths", "cccc--"},
		{"aws:PrincipalIsAWSService", "+++++-"},
		{"aws:PrincipalServiceName", "----+-"},
		{"aws:PrincipalServiceNamesList", "----+-"},
		{"aws:SourceAccount", "----c-"},
		{"aws:SourceArn", "----c-"},
		{"aws:SourceOrgID", "----c-"},
		{"aws:PrincipalType", "++++++"},
		{"aws:PrincipalAccount", "++++-+"},
		{"aws:CurrentTime", "++++++"},
		{"aws:SecureTransport", "++++++"},
		{"aws:RequestedRegion", "++++++"},
		{"aws:ViaAWSService", "++++++"},
		{"aws:SourceIp", "cccccc"},
		{"aws:SourceVpce", "cccccc"},
	} {
		for i, who := range columns {
			if row.presence[i] == '.' {
				continue
			}
			l := simulate.Layers{GivenKeysOnly: true, Identity: tableDocs(allowsAll), Resource: oneStatement(policy.Statement{
				Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("*"), Resource: policy.List("*"),
				Condition: policy.When("Null", row.key, "false"),
			})}
			env, err := simulate.CompileLayers(l)
			require.NoError(t, err)
			_, r := compileCell(t, spec.Layers{Session: sessionOf(who)}, tableRequest(t, who, "sqs:SendMessage", awayQueue))
			want := map[byte]simulate.Outcome{'+': simulate.Allowed, '-': simulate.ImplicitDeny, 'c': simulate.Indeterminate}[row.presence[i]]
			if got := env.Can(r); got.Outcome != want {
				t.Errorf("%s of %s: got %s, want %s", row.key, who, got, want)
			}
		}
	}
}

// sessionOf is the session policy without which a federated user may do nothing.
func sessionOf(who string) []*policy.Document {
	if who == federated {
		return tableDocs(allowsAll)
	}
	return nil
}
