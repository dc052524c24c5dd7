package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/licit-dev/licit/simulate"
)

// An opaEngine decides with a prepared query. Each statement is a rule that OPA's rule index
// finds by the service of the request.
type opaEngine struct{ query rego.PreparedEvalQuery }

func newOPA(principal string, list []statement) (*opaEngine, error) {
	var src strings.Builder
	src.WriteString(`package w1

default decision := "implicitDeny"

decision := "explicitDeny" if deny

decision := "allowed" if {
	allow
	not deny
}
`)
	for i, s := range list {
		effect := "allow"
		if s.deny {
			effect = "deny"
		}
		fmt.Fprintf(&src, "\n%s if {\n\tinput.service == %q\n\tinput.principal == %q\n\taction_%d\n\tresource_%d\n}\n", effect, s.service, principal, i, i)
		regoMatch(&src, fmt.Sprintf("action_%d", i), "input.action", s.actions)
		regoMatch(&src, fmt.Sprintf("resource_%d", i), "input.resource", s.resources)
	}
	prepared, err := rego.New(rego.Query("data.w1.decision"), rego.Module("w1.rego", src.String()), rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
	if err != nil {
		return nil, err
	}
	return &opaEngine{prepared}, nil
}

// regoMatch writes a rule for each pattern, with the cheapest comparison that says it. A
// glob without delimiters matches as AWS's wildcard does.
func regoMatch(src *strings.Builder, rule, value string, patterns []string) {
	for _, p := range patterns {
		before, after, star := strings.Cut(p, "*")
		test := fmt.Sprintf("glob.match(%q, null, %s)", p, value)
		switch {
		case !star:
			test = fmt.Sprintf("%s == %q", value, p)
		case after == "":
			test = fmt.Sprintf("startswith(%s, %q)", value, before)
		}
		fmt.Fprintf(src, "\n%s if %s\n", rule, test)
	}
}

func (e *opaEngine) input(q query) ast.Value {
	return ast.NewObject(
		ast.Item(ast.StringTerm("principal"), ast.StringTerm(q.principal)),
		ast.Item(ast.StringTerm("service"), ast.StringTerm(q.service)),
		ast.Item(ast.StringTerm("action"), ast.StringTerm(q.action)),
		ast.Item(ast.StringTerm("resource"), ast.StringTerm(q.resource)),
	)
}

func (e *opaEngine) decide(input ast.Value) (simulate.Outcome, error) {
	results, err := e.query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil {
		return 0, err
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return 0, fmt.Errorf("%d results", len(results))
	}
	text, _ := results[0].Expressions[0].Value.(string)
	return simulate.ParseOutcome(text)
}
