package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/policy"
)

func view(t *rapid.T) *engine.View {
	r := gen.Request(t)
	v := &engine.View{Given: engine.KeysFrom(r.Context)}
	v.SetAction(r.Action)
	if r.Resource != "*" {
		v.SetResource(policy.MustParseARN(r.Resource))
	} else {
		v.SetResource(policy.ARN{})
	}
	arn := r.Principal.ARN()
	v.Caller = engine.Caller{
		Kind: r.Principal.Kind(), ARN: arn.String(), Partition: arn.Partition(), Account: r.Principal.AccountID(),
		Name: r.Principal.Name(), RoleName: r.Principal.Name(), Canonical: r.CanonicalID, ID: r.PrincipalID,
	}
	if rapid.Bool().Draw(t, "unknown keys") {
		var classes [engine.NumClasses]engine.State
		for i := range classes {
			classes[i] = engine.State(rapid.IntRange(0, 3).Filter(func(n int) bool { return engine.State(n) != engine.Known }).Draw(t, "class"))
		}
		v.Classes = &classes
	}
	return v
}

func try(p *engine.Program, i int, v *engine.View) engine.Trial {
	t := engine.NewTester(v)
	t.Use(p)
	for j, ok := t.Next(); ok; j, ok = t.Next() {
		if j == i {
			return t.Trial(i)
		}
	}
	return engine.Trial{Index: i, Deny: p.IsDeny(i), Miss: t.ActionMiss(i)}
}

// Eval says what its statements say one by one, and each has a reason for what it says.
func TestTrialsAgreeWithEval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]policy.Kind{policy.IdentityBased, policy.ResourceBased, policy.RoleTrust, policy.ServiceControl, policy.ResourceControl, policy.VPCEndpoint}).Draw(t, "kind")
		p := engine.NewCompiler().Compile(gen.Document(t, kind), kind, engine.Options{Gateway: rapid.Bool().Draw(t, "gateway")})
		v := view(t)
		var got engine.Result
		p.Eval(v, 100, &got)
		var deny, allow engine.Tri
		for i := range p.Len() {
			trial := try(p, i, v)
			if (trial.Match == engine.No) != (trial.Miss.Element != "") {
				t.Fatalf("statement %d: match %d, miss %+v", i, trial.Match, trial.Miss)
			}
			if (trial.Match == engine.Maybe) != (len(trial.Unknown) > 0) && trial.Match != engine.Yes {
				t.Fatalf("statement %d: match %d, unknown %+v", i, trial.Match, trial.Unknown)
			}
			switch {
			case trial.Deny:
				deny = max(deny, trial.Match)
			case kind != policy.ResourceControl:
				allow = max(allow, trial.Match)
			}
		}
		if got.Deny != deny || deny != engine.Yes && got.Allow != allow {
			t.Fatalf("got deny %d allow %d, want %d %d", got.Deny, got.Allow, deny, allow)
		}
		if got.DenyAt != 0 && try(p, int(got.DenyAt)-101, v).Match != got.Deny {
			t.Fatalf("statement %d did not decide", got.DenyAt)
		}
	})
}

func TestKeysAreFolded(t *testing.T) {
	k := engine.Keys{}.With("aws:PrincipalTag/Équipe", "a").With("aws:principaltag/éQUIPE", "b")
	require.Equal(t, 1, k.Len(), "one key in two spellings")
	ref := engine.NewKeyRef("AWS:PRINCIPALTAG/ÉQUIPE")
	val, ok := k.Value(&ref)
	require.True(t, ok)
	require.Equal(t, []string{"b"}, val.Values)

	kelvin := engine.NewKeyRef("aws:PrincipalTag/\u212a")
	val, ok = engine.Keys{}.With("aws:PrincipalTag/k", "x").Value(&kelvin)
	require.True(t, ok, "simple folding: the Kelvin sign is a k")
	require.Equal(t, engine.Known, val.State)

	both := engine.KeysFrom(map[string][]string{"aws:SourceIp": {"10.0.0.1"}, "AWS:SOURCEIP": {"10.0.0.2"}})
	ip := engine.NewKeyRef("aws:SourceIp")
	val, ok = both.Value(&ip)
	require.True(t, ok)
	require.Equal(t, engine.Unknown, val.State, "R-CTX-3: nobody knows which one counts")
}

func TestKeysAreImmutable(t *testing.T) {
	values := []string{"10.0.0.1"}
	k := engine.Keys{}.With("aws:SourceIp", values...)
	values[0] = "changed"
	ref := engine.NewKeyRef("aws:SourceIp")
	a, b := k.With("a", "1"), k.WithUnknown("b*")
	require.Equal(t, 1, k.Len())
	val, _ := k.Value(&ref)
	require.Equal(t, []string{"10.0.0.1"}, val.Values)
	require.Equal(t, 2, a.Len())
	require.Equal(t, 2, b.Len())
}

func TestEvalDoesNotAllocate(t *testing.T) {
	d := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}, "DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}},
		{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/${aws:username}/*", "Condition": {
			"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]},
			"StringLike": {"aws:PrincipalTag/team": "d*${aws:username}"},
			"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"},
			"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]}}}]}`)))
	p := engine.NewCompiler().Compile(d, policy.IdentityBased, engine.Options{})
	v := engine.View{Given: engine.KeysFrom(map[string][]string{
		"aws:username": {"ana"}, "aws:SourceIp": {"10.1.2.3"}, "aws:PrincipalTag/team": {"data-ana"},
		"aws:PrincipalArn": {"arn:aws:iam::111122223333:user/ana"}, "aws:TagKeys": {"env", "team"},
		"aws:MultiFactorAuthAge": {"12"}, "aws:CurrentTime": {"2026-03-01T12:00:00.5Z"},
	})}
	v.SetAction("s3:GetObject")
	v.SetResource(policy.MustParseARN("arn:aws:s3:::logs/ana/x"))
	var r engine.Result
	p.Eval(&v, 0, &r)
	require.Equal(t, engine.Yes, r.Allow)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r = engine.Result{}
		p.Eval(&v, 0, &r)
	}))
}
