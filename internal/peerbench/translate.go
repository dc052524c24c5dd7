package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/estate"
	"github.com/licit-dev/licit/policy"
)

// A statement is what the translations need of a statement of W1: patterns of actions, in
// lower case, and of resources.
type statement struct {
	deny               bool
	service            string // of all actions
	actions, resources []string
}

// statements are those of all policies of the role. A statement that the translations would
// not say in full is an error.
func statements(w *estate.Workload) ([]statement, error) {
	var out []statement
	for _, p := range w.Principal.Attached {
		d, err := policy.Parse(p.Document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		for i, s := range d.Statements() {
			t, err := translate(s)
			if err != nil {
				return nil, fmt.Errorf("%s: statement %d: %w", p.Name, i, err)
			}
			out = append(out, t)
		}
	}
	return out, nil
}

func translate(s policy.Statement) (statement, error) {
	t := statement{deny: s.Effect == policy.Deny}
	if !s.Condition.IsZero() || !s.NotAction.IsZero() || !s.NotResource.IsZero() {
		return t, fmt.Errorf("only Action and Resource are translated")
	}
	for a := range s.Action.All() {
		a = strings.ToLower(a)
		service, _, _ := strings.Cut(a, ":")
		if t.service == "" {
			t.service = service
		}
		if service != t.service || strings.ContainsAny(service, "*?") {
			return t, fmt.Errorf("action %s: one service for each statement is translated", a)
		}
		t.actions = append(t.actions, a)
	}
	for r := range s.Resource.All() {
		t.resources = append(t.resources, r)
	}
	for _, p := range append(t.actions, t.resources...) {
		if strings.ContainsAny(p, "?$\\\"[]{}") {
			return t, fmt.Errorf("pattern %s: only * is translated", p)
		}
	}
	return t, nil
}

// A query is a request as the peers get it.
type query struct{ principal, service, action, resource string }

func newQuery(principal, action, resource string) query {
	action = strings.ToLower(action)
	service, _, _ := strings.Cut(action, ":")
	return query{principal, service, action, resource}
}
