package lint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// Statements that policy.Parse or CheckKind refuse for some kind: %s stands for the
// elements that would otherwise be missing.
var hostileStatements = []string{
	`{}`, `1`, `null`, `[]`, `"x"`,
	`{"Sid": 1, %s}`, `{"Sid": "a", "Sid": "b", %s}`, `{"effect": "Allow", %s}`,
	`{"Effect": "allow", "Action": "*", "Resource": "*"}`, `{"Effect": true, "Action": "*", "Resource": "*"}`,
	`{"Effect": "Allow", "Resource": "*"}`, `{"Effect": "Allow", "Action": [], "Resource": []}`,
	`{"Effect": "Allow", "NotAction": [], "NotResource": []}`,
	`{"Effect": "Allow", "Action": [null, 1, {}, []], "Resource": [true, {"a": 1, "a": 2}]}`,
	`{"Effect": "Allow", "Action": "s*:Get", "NotAction": ["*:x", "?3:x"], "Resource": "*", "NotResource": "*"}`,
	`{"Effect": "Allow", "Action": 7, "Resource": {}}`,
	`{"Effect": "Allow", "Action": "*", "Resource": ["x", "arn:aws:s3:b", "${aws:x}", "*", "execute-api:/a"]}`,
	`{"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:s3:*", "aws:s3:::b", "execute-api:/a"]}`,
	`{"Principal": "x", "NotPrincipal": "*", %s}`, `{"Principal": {}, %s}`, `{"NotPrincipal": {}, %s}`,
	`{"Principal": {"AWS": []}, "NotPrincipal": {"Service": [], "AWS": 1}, %s}`, `{"Principal": null, %s}`, `{"NotPrincipal": ["x"], %s}`,
	`{"Principal": {"Aws": "*", "AWS": "*", "AWS": [{}]}, %s}`, `{"NotPrincipal": {"User": "x"}, %s}`, `{"Principal": "*", %s}`, `{"NotPrincipal": "*", %s}`, `{"NotPrincipal": "x", %s}`,
	`{"Condition": 1, %s}`, `{"Condition": [], %s}`, `{"Condition": {"StringEquals": 1}, %s}`, `{"Condition": {"Equals": {}}, %s}`,
	`{"Condition": {"Bool": {"": "true"}}, %s}`, `{"Condition": {"Bool": {"aws:SecureTransport": []}}, %s}`,
	`{"Condition": {"BoolIfExists": {"aws:SecureTransport": []}, "ForAllValues:StringEquals": {"aws:TagKeys": []}, "ForAnyValue:StringEquals": {"aws:TagKeys": []}}, %s}`,
	`{"Condition": {"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": []}, "ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": []}, "Null": {"a:b": []}}, %s}`,
	`{"Condition": {"Bool": {"a:b": [null, {}, []], "a:b": "x"}, "Bool": {}}, %s}`, `{"Condition": {"Bool": {"a:b": null}, "ForSome:Bool": {}}, %s}`,
}

var hostileDocuments = []string{
	``, ` `, `{`, `[]`, `1`, `null`, `{}`, `{"Version": 1}`, `{"Version": "x", "Id": {}, "Statement": 1}`, `{"Version": "2012-10-17", "Statement": null}`,
	`{"Statement": [], "Statement": {}, "Comment": 1, "Version": "2012-10-17"}`, `{"statement": []}`, "\xef\xbb\xbf{}",
	`{"Statement": "` + strings.Repeat("x", policy.MaxSource) + `"}`,
}

// TestParseErrors holds that whatever policy.Parse and CheckKind refuse is a finding at the
// same place.
func TestParseErrors(t *testing.T) {
	docs := hostileDocuments
	for _, s := range hostileStatements {
		if strings.Contains(s, "%s") {
			s = fmt.Sprintf(s, `"Effect": "Deny", "Action": "s3:*", "Resource": "*"`)
		}
		docs = append(docs, `{"Version": "2012-10-17", "Statement": [`+s+`]}`, `{"Statement":`+s+`}`)
	}
	for k := policy.IdentityBased; k <= policy.VPCEndpoint; k++ {
		for _, src := range docs {
			findings := lint.Source("", []byte(src), k)
			for _, e := range problems(src, k) {
				if !stands(findings, e) {
					t.Errorf("%s: %.300s\n%v\nis none of %v", k, src, e, findings)
				}
			}
		}
	}
}

// TestFixesOfRefused: what AWS refuses allows nothing, and no fix that guesses changes that.
func TestFixesOfRefused(t *testing.T) {
	fixed := 0
	for _, effect := range []string{"Allow", "Deny"} {
		for _, src := range []string{
			`{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":{"Aws":"*"},"Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":"111122223333","Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"%s","NotPrincipals":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"%[1]s"},{"Effect":" %[1]s","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"%s ","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-18","Statement":[{"Effect":"%s","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringEqual":{"aws:PrincipalOrgID":"o-example1234"}}}]}`,
		} {
			src = fmt.Sprintf(src, effect)
			for _, f := range lint.Source("", []byte(src), policy.ResourceBased) {
				if f.Fix == nil {
					continue
				}
				fixed++
				after := src[:f.Fix.Start] + f.Fix.Text + src[f.Fix.End:]
				if effect == "Allow" && len(problems(after, policy.ResourceBased)) == 0 {
					t.Errorf("%s\n%v: the fix makes\n%s", src, f, after)
				}
			}
		}
	}
	if fixed < 5 {
		t.Errorf("only %d fixes", fixed)
	}
}

func problems(src string, k policy.Kind) policy.ParseErrors {
	doc, err := policy.Parse([]byte(src))
	if err == nil {
		err = doc.CheckKind(k)
	}
	errs, _ := errors.AsType[policy.ParseErrors](err)
	return errs
}

// stands looks for a finding where the error is: at the same place, at the same element, or
// at the element that holds it. Suggestions do for what is empty.
func stands(findings []lint.Finding, e *policy.ParseError) bool {
	single := func(path string) string { return strings.Replace(path, "/Statement/0", "/Statement", 1) }
	for _, f := range findings {
		if f.Type != lint.Error && !strings.Contains(e.Error(), "is an empty") {
			continue
		}
		element := single(f.Path)
		if f.Position == e.Position || element == single(e.Path) || strings.Count(element, "/") > 1 && strings.HasPrefix(single(e.Path), element+"/") {
			return true
		}
	}
	return false
}
