// Quickstart decides requests offline: with one policy, in a whole organization, and
// after a change that nobody has made yet. It runs in the root of the repository.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func main() {
	if err := run(os.Stdout, "examples/orgs/fintech"); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer, dir string) error {
	// One policy, which has a mistake.
	doc := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Sid": "ReadLogs",
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::log/*"}}`)))
	readLogs := simulate.Request{
		Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
		Action:    "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	}
	s := doc.Statement(0)
	s.Resource = policy.List("arn:aws:s3:::logs/*")
	written, err := simulate.CompileCustom(doc)
	fixed, err2 := simulate.CompileCustom(policy.Must(doc.Replace(0, s)))
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	fmt.Fprintf(w, "as written: %v\nfixed: %v\n", written.Can(readLogs), fixed.Can(readLogs))
	// A whole organization: who in the payments account may read a secret?
	o, err := org.ReadFS(os.DirFS(dir))
	if err != nil {
		return err
	}
	before, err := simulate.Compile(o)
	if err != nil {
		return err
	}
	// What if an SCP kept people, who come through Identity Center, from secrets?
	after, err := before.Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-secrets1", Name: "NoSecretsForPeople", Kind: policy.ServiceControl, Document: noSecrets}),
		org.AttachControlPolicy("p-secrets1", "ou-ab12-33333333"))
	if err != nil {
		return err
	}
	secret := policy.MustParseARN("arn:aws:secretsmanager:eu-west-3:111122223333:secret:payments/psp-api-key-AbCdEf")
	account, _ := o.Account("111122223333")
	for _, role := range account.Roles {
		r := simulate.Request{Principal: policy.PrincipalFromARN(role.ARN), Action: "secretsmanager:GetSecretValue", Resource: secret}
		x, y := before.Explain(r), after.Explain(r)
		fmt.Fprintf(w, "\n%s\n  %s\n", r.Principal.Name(), verdict(x))
		for _, d := range x.Depends {
			fmt.Fprintf(w, "  depends on the %s %s\n", d.Kind, d.Name)
		}
		if y.Decision.Outcome != x.Decision.Outcome {
			fmt.Fprintf(w, "  with the SCP: %s\n", verdict(y))
		}
	}
	return nil
}

func verdict(x *simulate.Explanation) string {
	return strings.TrimSpace(fmt.Sprint(x.Decision, " ", x.Statement.SID))
}

var noSecrets = policy.Must(policy.NewDocument(policy.Statement{
	SID: "NoSecretsForPeople", Effect: policy.Deny, Action: policy.List("secretsmanager:GetSecretValue"), Resource: policy.List("*"),
	Condition: policy.When("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"),
}))
