package simulate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Users and roles that differ in their names, or in one more thing, are decided as Can
// decides each, whatever the policies ask about them: a decision that is found for one never
// answers for another that it does not hold for.
func TestWhoCanOfAlike(t *testing.T) {
	const statement = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["111122223333", "444455556666"]}, "Action": "sqs:Receive*", "Resource": "*"}, %s]}`
	resource := map[string]string{
		"account":         `{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sqs:*", "Resource": "*"}`,
		"user":            `{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:user/user-1"}, "Action": "sqs:*", "Resource": "*"}`,
		"user allowed":    `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:user/user-1"}, "Action": "sqs:*", "Resource": "*"}`,
		"role":            `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/role-1"}, "Action": "sqs:*", "Resource": "*"}`,
		"session":         `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:sts::444455556666:assumed-role/role-1/ana"}, "Action": "sqs:*", "Resource": "*"}`,
		"unique ID":       `{"Effect": "Allow", "Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPL1"}, "Action": "sqs:*", "Resource": "*"}`,
		"all but one":     `{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:user/user-1", "111122223333"]}, "Action": "sqs:*", "Resource": "*"}`,
		"PrincipalArn":    `{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*/*-1"}}}`,
		"userid":          `{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"StringLike": {"aws:userid": "AIDA*1"}}}`,
		"PrincipalTag":    `{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}`,
		"PrincipalType":   `{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "User"}}}`,
		"variable":        `{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "${aws:username}"}}}`,
		"another service": `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:user/user-1"}, "Action": "sns:*", "Resource": "*"}`,
	}
	for name, text := range resource {
		t.Run(name, func(t *testing.T) {
			env := alike(t, fmt.Sprintf(statement, text), `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
			keys := simulate.Keys{}.With("aws:UserAgent", "user-1")
			for _, action := range []policy.Action{"sqs:SendMessage", "sqs:ReceiveMessage"} {
				callers, err := env.WhoCan(context.Background(), simulate.Query{Action: action, Resource: policy.MustParseARN(homeQueue), Keys: keys, Denied: true})
				require.NoError(t, err)
				seen := map[simulate.Outcome]bool{}
				for _, c := range callers {
					if c.Type != simulate.CallerUser && c.Type != simulate.CallerRole {
						continue
					}
					seen[c.Decision.Outcome] = true
					require.Equal(t, env.Can(simulate.Request{Principal: c.Principal, Action: action, Resource: policy.MustParseARN(homeQueue), Keys: keys}), c.Decision, "%v %v", c.Principal, action)
				}
				require.Greater(t, len(seen), 1)
			}
		})
	}
}

// A matrix, built or updated, is what Can says of each of them, whatever the SCPs ask.
func TestMatrixOfAlike(t *testing.T) {
	const queue = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sqs:*", "Resource": "*"}}`
	ctx, options := context.Background(), simulate.MatrixOptions{Keys: simulate.Keys{}.With("aws:UserAgent", "user-1")}
	before, err := alike(t, queue, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`).Matrix(ctx, options)
	require.NoError(t, err)
	const everything = `{"Effect": "Allow", "Action": "*", "Resource": "*"}, `
	for name, scp := range map[string]string{
		"PrincipalArn":      everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*/*-1"}}}`,
		"userid":            everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"StringLike": {"aws:userid": "AIDA*1"}}}`,
		"variable":          everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "${aws:username}"}}}`,
		"variable resource": everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:${aws:username}"}`,
		"PrincipalTag":      everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}`,
		"PrincipalType":     everything + `{"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "User"}}}`,
		"another service":   everything + `{"Effect": "Deny", "Action": "sns:*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*/*-1"}}}`,
		"one queue":         `{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:unlisted"}`,
	} {
		t.Run(name, func(t *testing.T) {
			env := alike(t, queue, scp)
			built, err := env.Matrix(ctx, options)
			require.NoError(t, err)
			updated, err := before.Update(ctx, env)
			require.NoError(t, err)
			for range built.Diff(updated) {
				t.Fatal("an update differs from a new matrix")
			}
			somewhere := 0
			for p := range built.Principals() {
				for _, a := range []policy.Action{"sqs:SendMessage", "sqs:ListQueues", "sns:Publish", "iam:ListUsers", "sts:GetCallerIdentity"} {
					cell, _ := built.At(p, a)
					d := env.Can(simulate.Request{Principal: p, Action: a, Keys: options.Keys})
					queue := policy.MustParseARN("arn:aws:sqs:eu-west-1:" + p.AccountID() + ":unlisted")
					if a == "sqs:SendMessage" && env.Can(simulate.Request{Principal: p, Action: a, Resource: queue, Keys: options.Keys}).Allowed() {
						require.True(t, cell.Somewhere, "%v %v", p, a)
						somewhere++
					}
					require.Equal(t, d.String(), simulate.Decision{Outcome: cell.Outcome, Stage: cell.Stage}.String(), "%v %v", p, a)
				}
			}
			require.NotZero(t, somewhere)
		})
	}
}

// alike has in two accounts five users and five roles, one of each with something of its own.
func alike(t *testing.T, queue, scp string) *simulate.Environment {
	t.Helper()
	account := func(id, resources string) string {
		var users, roles []string
		for i := range 5 {
			more := fmt.Sprintf(`"attached": ["arn:aws:iam::%s:policy/queues"]`, id)
			switch i {
			case 2:
				more += `, "tags": {"team": "orders"}`
			case 3:
				more = `"attached": []`
			case 4:
				more += fmt.Sprintf(`, "boundary": "arn:aws:iam::%s:policy/limits"`, id)
			}
			users = append(users, fmt.Sprintf(`{"arn": "arn:aws:iam::%s:user/user-%d", "id": "AIDACKCEVSQ6C2EXAMPL%d", %s}`, id, i, i, more))
			roles = append(roles, fmt.Sprintf(`{"arn": "arn:aws:iam::%s:role/role-%d", %s}`, id, i, more))
		}
		return fmt.Sprintf(`{"id": "%s", "attached": ["p-own"], "users": [%s], "roles": [%s], "resources": [%s], "policies": [
			{"arn": "arn:aws:iam::%[1]s:policy/queues", "document": %[5]s}, {"arn": "arn:aws:iam::%[1]s:policy/limits", "document": %[6]s}]}`,
			id, strings.Join(users, ","), strings.Join(roles, ","), resources,
			`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}`,
			`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:Send*", "Resource": "*"}}`)
	}
	o, err := org.Parse([]byte(`{"id": "o-a1b2c3d4e5", "managementAccount": "999900001111",
		"root": {"id": "r-ab12", "policyTypes": ["scp"], "attached": ["p-FullAWSAccess"], "accounts": ["999900001111", "111122223333", "444455556666"]},
		"controlPolicies": [{"id": "p-own", "name": "own", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": [` + scp + `]}}],
		"accounts": [{"id": "999900001111", "attached": ["p-FullAWSAccess"]}, ` +
		account("111122223333", `{"arn": "`+homeQueue+`", "policy": `+queue+`}`) + `, ` + account("444455556666", "") + `]}`))
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

// A tag whose key is there in two spellings is unknown; another one such is a change.
func TestTagsInTwoSpellings(t *testing.T) {
	ctx := context.Background()
	untagged := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("sqs:*"), Resource: policy.List("*"), Condition: policy.When("Null", "aws:PrincipalTag/team", "true")}))
	queues := org.ManagedPolicy{ARN: policy.MustParseARN("arn:aws:iam::111122223333:policy/queues"), Document: untagged}
	user := func(tags ...string) org.User {
		out := org.User{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Attached: []policy.ARN{queues.ARN}, Tags: map[string]string{}}
		for _, key := range tags {
			out.Tags[key] = "orders"
		}
		return out
	}
	o, err := org.New(org.Spec{Accounts: []org.Account{{ID: "111122223333", Users: []org.User{user("stage", "Stage")}, Policies: []org.ManagedPolicy{queues}}}})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	before, err := env.Matrix(ctx, simulate.MatrixOptions{})
	require.NoError(t, err)
	after, err := env.Apply(org.PutUser(user("team", "Team")))
	require.NoError(t, err)
	updated, err := before.Update(ctx, after)
	require.NoError(t, err)
	ana := policy.PrincipalFromARN(user().ARN)
	cell, _ := before.At(ana, "sqs:ListQueues")
	require.Equal(t, simulate.Allowed, cell.Outcome)
	cell, _ = updated.At(ana, "sqs:ListQueues")
	require.Equal(t, simulate.Indeterminate, cell.Outcome)

	affected, err := env.Affected(after, simulate.Scope{Actions: []string{"sqs:*"}})
	require.NoError(t, err)
	var found []policy.Principal
	for members := range affected.Groups() {
		found = append(found, members...)
	}
	require.Equal(t, []policy.Principal{ana}, found)
}
