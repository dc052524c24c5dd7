package suite

import (
	"cmp"
	"slices"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A Coverage counts which statements the cases exercise.
//
// A statement counts once for each layer that its document stands in (an identity policy
// that is also a boundary counts twice), however often it is attached. It is exercised if
// it matches for certain, every element of it, in a case that was decided, and whether or
// not it decided that case. Counted are the statements that come from a file of the worlds
// in which cases were decided: attached or not, but neither managed policies of AWS nor
// FullAWSAccess, which nobody here wrote.
type Coverage struct {
	worlds map[*World]bool
	index  map[key]int
	list   []Statement
}

// A Statement is one statement in one layer.
type Statement struct {
	Ref          simulate.StatementRef
	Stage        simulate.Stage
	File         string
	Line, Column int
	Label        string // "SCP deny-regions (Sid Outside)"
	Matched      int    // cases in which it matched
	Decided      int    // cases that it decided
}

// Effect is the statement's.
func (s Statement) Effect() policy.Effect { return s.Ref.Policy.Document.Statement(s.Ref.Index).Effect }

type key struct {
	document *policy.Document
	index    int
	stage    simulate.Stage
}

// NewCoverage makes one that has seen nothing.
func NewCoverage() *Coverage {
	return &Coverage{worlds: make(map[*World]bool), index: make(map[key]int)}
}

// Add counts what the case exercised. Cases that carry their policies, and those that were
// refused, count nothing.
func (c *Coverage) Add(w *World, r *Result) {
	if r.Err != nil || r.Case.carried != nil {
		return
	}
	if !c.worlds[w] {
		c.worlds[w] = true
		c.world(w)
	}
	c.explained(r.Explain(), make(map[key]bool))
}

func (c *Coverage) explained(x *simulate.Explanation, seen map[key]bool) {
	for _, s := range x.Steps {
		trials := s.Trials()
		for i := range trials {
			t := &trials[i]
			k := key{t.Statement.Policy.Document, t.Statement.Index, s.Stage}
			n, ok := c.index[k]
			if !ok || t.Match != simulate.Matches || s.Skipped != "" || seen[k] {
				continue
			}
			seen[k] = true
			c.list[n].Matched++
			if t.Statement == x.Statement {
				c.list[n].Decided++
			}
		}
	}
	for _, also := range x.Also {
		c.explained(also, seen)
	}
}

// Statements are all that are counted, by file and place.
func (c *Coverage) Statements() []Statement {
	out := slices.Clone(c.list)
	slices.SortStableFunc(out, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Stage, b.Stage))
	})
	return out
}

// world adds the statements of an organization.
func (c *Coverage) world(w *World) {
	if w.Org == nil {
		return
	}
	s := w.Org.Spec()
	for _, p := range s.ControlPolicies {
		stage := simulate.StageServiceControl
		if p.Kind == policy.ResourceControl {
			stage = simulate.StageResourceControl
		}
		if p.ID != org.FullAWSAccess {
			c.document(w, stage, simulate.PolicyRef{Kind: p.Kind, Name: p.Name, ID: p.ID, Document: p.Document})
		}
	}
	boundaries, attached := uses(&s)
	for i := range s.Accounts {
		c.account(w, &s.Accounts[i], boundaries, attached)
	}
}

func (c *Coverage) account(w *World, a *org.Account, boundaries, attached map[policy.ARN]bool) {
	inline := func(holder policy.ARN, list []org.InlinePolicy) {
		for _, p := range list {
			c.document(w, simulate.StageIdentityPolicy, simulate.PolicyRef{Kind: policy.IdentityBased, Name: p.Name, Holder: holder.String(), Document: p.Document})
		}
	}
	for _, u := range a.Users {
		inline(u.ARN, u.Inline)
	}
	for _, g := range a.Groups {
		inline(g.ARN, g.Inline)
	}
	for _, r := range a.Roles {
		inline(r.ARN, r.Inline)
		c.document(w, simulate.StageResourcePolicy, simulate.PolicyRef{Kind: policy.RoleTrust, Name: r.ARN.String(), Document: r.Trust})
	}
	for _, p := range a.Policies {
		if p.ARN.AccountID() == "aws" {
			continue
		}
		ref := simulate.PolicyRef{Kind: policy.IdentityBased, Name: wording.LastSegment(p.ARN), ID: p.ARN.String(), Document: p.Document}
		if attached[p.ARN] || !boundaries[p.ARN] {
			c.document(w, simulate.StageIdentityPolicy, ref)
		}
		if ref.Kind = policy.PermissionsBoundary; boundaries[p.ARN] {
			c.document(w, simulate.StageBoundary, ref)
		}
	}
	for _, r := range a.Resources {
		c.document(w, simulate.StageResourcePolicy, simulate.PolicyRef{Kind: policy.ResourceBased, Name: r.ARN.String(), Document: r.Policy})
	}
	for _, e := range a.Endpoints {
		c.document(w, simulate.StageEndpointPolicy, simulate.PolicyRef{Kind: policy.VPCEndpoint, Name: e.ID, ID: e.ID, Document: e.Policy})
	}
}

// uses are the managed policies that are boundaries, and those that are attached.
func uses(s *org.Spec) (boundaries, attached map[policy.ARN]bool) {
	boundaries, attached = make(map[policy.ARN]bool), make(map[policy.ARN]bool)
	add := func(boundary policy.ARN, list []policy.ARN) {
		boundaries[boundary] = true
		for _, a := range list {
			attached[a] = true
		}
	}
	for i := range s.Accounts {
		a := &s.Accounts[i]
		for j := range a.Users {
			add(a.Users[j].Boundary, a.Users[j].Attached)
		}
		for j := range a.Groups {
			add(policy.ARN{}, a.Groups[j].Attached)
		}
		for j := range a.Roles {
			add(a.Roles[j].Boundary, a.Roles[j].Attached)
		}
	}
	return boundaries, attached
}

func (c *Coverage) document(w *World, stage simulate.Stage, p simulate.PolicyRef) {
	if p.Document == nil {
		return
	}
	for i, s := range p.Document.Statements() {
		k := key{p.Document, i, stage}
		if _, ok := c.index[k]; ok {
			continue
		}
		ref := simulate.StatementRef{Policy: p, Index: i, SID: s.SID}
		file, at, ok := w.Position(ref)
		if !ok {
			continue
		}
		c.index[k] = len(c.list)
		c.list = append(c.list, Statement{Ref: ref, Stage: stage, File: file, Line: at.Line, Column: at.Column, Label: w.StatementLabel(ref)})
	}
}
