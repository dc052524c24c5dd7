package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// TestJoin holds that a new role whose policies are not known is one line, with the reason, and
// that all else stays apart.
func TestJoin(t *testing.T) {
	app := policy.MustParseARN("arn:aws:iam::111122223333:role/app")
	many := []policy.Action{"a:B", "b:B", "c:B", "d:B", "e:B", "f:B", "g:B"}
	why := org.Gap{Subject: app.String(), What: org.GapIdentityPolicies, Reason: "aws_iam_role_policy.p: policy is known only after apply"}
	const unknown = "depends on something unknown (identity policies)"
	const all = "7 actions of 7 services: a (1), b (1), c (1), d (1), e (1), f (1), 1 more"
	for _, test := range []struct {
		name, reason, after string
		stage               simulate.Stage
		actions             []policy.Action
		gaps                []org.Gap
		lines               int
		want                string
	}{
		{"new role", "role is new", unknown, simulate.StageIdentityPolicy, many, []org.Gap{why}, 1, "everything perhaps, because aws_iam_role_policy.p: policy is known only after apply"},
		{"two reasons", "role is new", unknown, simulate.StageIdentityPolicy, many, []org.Gap{why, why}, 1, "everything perhaps, because aws_iam_role_policy.p: policy is known only after apply (and 1 more reason)"},
		{"few actions", "role is new", unknown, simulate.StageIdentityPolicy, many[:2], []org.Gap{why}, 2, "a:B, b:B"},
		{"known policies", "role is new", unknown, simulate.StageIdentityPolicy, many, nil, 2, all},
		{"another gap", "role is new", unknown, simulate.StageIdentityPolicy, many, []org.Gap{{Subject: app.String(), What: org.GapTags, Reason: "x"}}, 2, all},
		{"unknown resource", "role is new", "depends on something unknown (resource policy)", simulate.StageResourcePolicy, many, []org.Gap{why}, 2, all},
		{"conditions", "role is new", "perhaps if aws:a is b", simulate.StageIdentityPolicy, many, []org.Gap{why}, 2, all},
		{"old role", "", unknown, simulate.StageIdentityPolicy, many, []org.Gap{why}, 2, all},
	} {
		t.Run(test.name, func(t *testing.T) {
			who := []policy.Principal{policy.PrincipalFromARN(app)}
			row := func(resource string) *simulate.Row {
				return &simulate.Row{Kind: simulate.DeltaGained, Reason: test.reason, Actions: test.actions, Principals: who, Resources: []string{resource}, After: simulate.Decision{Stage: test.stage}}
			}
			rows := []*simulate.Row{row("*"), row("arn:aws:s3:::logs")}
			s := &story{kind: simulate.DeltaGained, example: rows[0], after: test.after, rows: rows}
			s.group()
			p := &planView{outcome: &tfplan.Outcome{Unknown: test.gaps}}
			p.join(s)
			assert.Len(t, s.lines, test.lines)
			assert.Equal(t, test.want, s.lines[0].what(embeddedFacts(), plain, plain))
		})
	}
}
