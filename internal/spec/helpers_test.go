package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

const (
	home  = "111122223333"
	other = "444455556666"

	ana       = "arn:aws:iam::111122223333:user/team/ana"
	appRole   = "arn:aws:iam::111122223333:role/svc/app"
	appS1     = "arn:aws:sts::111122223333:assumed-role/app/s1"
	fedBob    = "arn:aws:sts::111122223333:federated-user/bob"
	root      = "arn:aws:iam::111122223333:root"
	otherRoot = "arn:aws:iam::444455556666:root"

	queue      = "arn:aws:sqs:eu-west-1:111122223333:orders"
	otherQueue = "arn:aws:sqs:eu-west-1:444455556666:orders"
	key        = "arn:aws:kms:eu-west-1:111122223333:key/k1"
	object     = "arn:aws:s3:::logs/a"
)

// doc parses a 2012 document of statements; allowAll and denyAll are the shortest ones.
func doc(t *testing.T, statements ...string) *policy.Document {
	t.Helper()
	return parse(t, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s]}`, strings.Join(statements, ",")))
}

func parse(t *testing.T, source string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(source))
	require.NoError(t, err, source)
	return d
}

const (
	allowAll = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	denyAll  = `{"Effect":"Deny","Action":"*","Resource":"*"}`
	// never matches any request of these tests.
	allowNothing = `{"Effect":"Allow","Action":"nosuch:Action","Resource":"*"}`
)

func docs(d ...*policy.Document) []*policy.Document { return d }

// grant is an Allow with the principal element given as JSON.
func grant(t *testing.T, principal string) *policy.Document {
	t.Helper()
	return doc(t, withPrincipal("Allow", "Principal", principal, ""))
}

func withPrincipal(effect, element, principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":%q,%q:%s,"Action":"*","Resource":"*"%s}`, effect, element, principal, condition)
}

func aws(ids ...string) string { return `{"AWS":["` + strings.Join(ids, `","`) + `"]}` }

func principal(t *testing.T, s string) policy.Principal {
	t.Helper()
	p, err := policy.ParsePrincipal(s)
	require.NoError(t, err)
	return p
}

func ask(t *testing.T, who string, action policy.Action, resource string) spec.Request {
	t.Helper()
	return spec.Request{Principal: principal(t, who), Action: action, Resource: resource}
}

func outcome(b bool) spec.Outcome {
	if b {
		return spec.Allowed
	}
	return spec.ImplicitDeny
}

func require_(t *testing.T, want, got spec.Outcome) {
	t.Helper()
	require.Equal(t, want.String(), got.String())
}
