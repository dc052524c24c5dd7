package simulate

import (
	"slices"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// depends collects what the undecided layers depend on. Allow statements matter only where
// a layer does not allow already, and only if without them nothing would allow.
func (b *explainer) depends(own Decision) {
	w := b.w
	add := func(d Dependency, t *Trial) {
		i := slices.IndexFunc(b.x.Depends, func(o Dependency) bool { return o.Kind == d.Kind && o.Name == d.Name })
		if i < 0 {
			i = len(b.x.Depends)
			b.x.Depends = append(b.x.Depends, d)
		}
		if t != nil && !slices.ContainsFunc(b.x.Depends[i].Statements, func(o Trial) bool { return o.Statement == t.Statement }) {
			b.x.Depends[i].Statements = append(b.x.Depends[i].Statements, *t)
		}
	}
	trials := make([][]Trial, len(b.x.Steps))
	mayDeny := false
	for i := range b.x.Steps {
		trials[i] = b.x.Steps[i].Trials()
		mayDeny = mayDeny || b.x.Steps[i].Gap != "" ||
			slices.ContainsFunc(trials[i], func(t Trial) bool { return t.Effect == policy.Deny && t.Match == MayMatch })
	}
	// Between two denies only what may deny matters, unless the second is S3's own.
	allowsMatter := own.CanBe(ImplicitDeny) && !(own.Denied() && mayDeny)
	for i := range b.x.Steps {
		s := &b.x.Steps[i]
		grants := s.Stage == StageResourcePolicy && allowsMatter
		if s.Outcome != Indeterminate && !grants {
			continue
		}
		if s.Gap != "" {
			kind := DependsOnGap
			switch s.Gap {
			case w.unknownCaller:
				kind = DependsOnCaller
			case w.unknownResource:
				if !w.resourceGap {
					kind = DependsOnResource
				}
			case w.unknownEndpoint():
				kind = DependsOnResource
			}
			add(Dependency{Kind: kind, Name: s.Gap}, nil)
		}
		allows := slices.ContainsFunc(trials[i], func(t Trial) bool { return t.Effect == policy.Allow && t.Match == Matches })
		for j := range trials[i] {
			t := &trials[i][j]
			if s.Stage == StageResourcePolicy && t.Effect == policy.Deny && w.unlocksBucket() {
				continue
			}
			if grants && t.Effect == policy.Allow {
				if !b.strengthens(t, trials[i]) {
					continue
				}
			} else if t.Match != MayMatch || t.Effect == policy.Allow && (allows || !allowsMatter) {
				continue
			}
			for _, u := range t.Unknown {
				if u.Key == "" {
					add(Dependency{Kind: DependsOnCaller, Name: w.view.Caller.ARN}, t)
					continue
				}
				add(Dependency{Kind: DependsOnKey, Name: u.Key}, t)
			}
		}
		if s.Stage == StageEndpointPolicy && s.Gap == "" && !slices.ContainsFunc(trials[i], func(t Trial) bool { return t.Match == MayMatch }) {
			add(Dependency{Kind: DependsOnKey, Name: "aws:SourceVpce"}, nil)
		}
	}
}

// strengthens reports whether an Allow statement of the resource's policy may grant what
// none of them grants for certain: in the account of the resource one that names the
// caller itself grants more than one that names the account (R-GRT-2 to R-GRT-5).
func (b *explainer) strengthens(t *Trial, all []Trial) bool {
	if b.w.foreignObject() || t.Match == NoMatch || t.Match == Matches && t.possible == engine.None {
		return false
	}
	certain := engine.None
	for i := range all {
		if o := &all[i]; o.Effect == policy.Allow && o.Match == Matches {
			certain = max(certain, o.level)
		}
	}
	if b.w.view.Caller.Account != b.w.owner { // any level will do
		return certain == engine.None
	}
	return max(t.level, t.possible) > certain
}
