package main

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// mostProofs bounds how many principals get a proof of their own in one comparison; what a
// change of a policy leaves everybody no more is proved at once for all.
const mostProofs = 100

// diffProofs are the proofs that nobody gains or loses access; nil: not asked for, since
// somebody does, or since only a part of all requests was to be compared.
type diffProofs struct{ gained, lost *check.Result }

// prove asks for proofs of what the enumeration found nothing of, and for regions of the rest.
func (c *comparison) prove(ctx context.Context, a *app, v *diffView) error {
	s := &c.scope
	switch {
	case len(s.Actions)+len(s.Resources)+len(c.context) > 0:
		return nil
	case len(s.Principals)+len(s.Kinds)+len(s.Accounts) > 0:
		return c.regions(ctx, a, v)
	}
	found := map[simulate.DeltaKind]bool{}
	for i := range v.report.Rows {
		found[v.report.Rows[i].Kind] = true
	}
	ask := func(kind simulate.DeltaKind, before, after *simulate.Environment) (*check.Result, error) {
		if found[kind] || found[simulate.DeltaConditions] {
			return nil, nil
		}
		options, clear := c.progress(a)
		defer clear()
		r, err := check.NobodyGainsAccess(ctx, before, after, mostProofs, options...)
		if err == nil {
			err = ctx.Err()
		}
		return &r, err
	}
	var err error
	if v.proofs.gained, err = ask(simulate.DeltaGained, v.before.Env, v.after.Env); err != nil {
		return err
	}
	if v.proofs.lost, err = ask(simulate.DeltaLost, v.after.Env, v.before.Env); err != nil {
		return err
	}
	return c.regions(ctx, a, v)
}

// progress shows how many principals are done, unless it is to be quiet.
func (c *comparison) progress(a *app) (options []check.Option, clear func()) {
	if c.quiet {
		return nil, func() {}
	}
	show, clear := a.countedProgress("principals")
	return []check.Option{check.WithProgress(show)}, clear
}

// lines are the proofs as sentences.
func (p *diffProofs) lines() (out []string) {
	say := func(r *check.Result, verbs string) {
		switch {
		case r == nil:
		case r.Verdict == check.Pass:
			out = append(out, fmt.Sprintf("proved: no user, role or root user %s access, whatever they ask for", verbs))
		case r.Verdict == check.Unknown:
			out = append(out, fmt.Sprintf("not proved that no user, role or root user %s access: %s", verbs, r.Reason))
		default:
			x := r.Counterexample
			text := fmt.Sprintf("a proof was tried and shows more: %s %s %s on %s", x.Request.Principal, verbs, plain(string(x.Request.Action)), plain(resourceText(x.Request.Resource)))
			for _, k := range sortedKeys(x.Request.Keys) {
				text += fmt.Sprintf(", %s = %s", plain(k.name), wording.AndList(k.values))
			}
			out = append(out, text)
		}
	}
	say(p.gained, "gains")
	say(p.lost, "loses")
	return out
}

// disproved reports whether a proof found what the enumeration did not.
func disproved(r *check.Result) bool { return r != nil && r.Verdict == check.Fail }

type diffProofsJSON struct {
	Gained *diffProofJSON `json:"gained,omitempty"`
	Lost   *diffProofJSON `json:"lost,omitempty"`
}

// A diffProofJSON is whether it is proved that nobody gains, or loses, access.
type diffProofJSON struct {
	Verdict string       `json:"verdict"` // pass, fail or unknown
	Reason  string       `json:"reason,omitempty"`
	Request *requestJSON `json:"request,omitempty"` // of fail
}

func (p *diffProofs) json() *diffProofsJSON {
	one := func(r *check.Result) *diffProofJSON {
		if r == nil {
			return nil
		}
		j := &diffProofJSON{Verdict: r.Verdict.String(), Reason: r.Reason}
		if x := r.Counterexample; x != nil {
			request := requestOf(x.Request)
			j.Request = &request
		}
		return j
	}
	if p.gained == nil && p.lost == nil {
		return nil
	}
	return &diffProofsJSON{one(p.gained), one(p.lost)}
}
