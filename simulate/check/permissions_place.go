package check

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// compile writes the rows, and what the principal is allowed at each place.
func (p *rowsProof) compile() error {
	p.c = newCompiler(p.ctx.Err, nil)
	list := make([]policy.Statement, len(p.rows))
	for i := range p.rows {
		row := &p.rows[i]
		list[i] = policy.Statement{Effect: policy.Allow, Action: policy.List(row.Actions...), Resource: policy.List("*")}
		if row.Resource != "" {
			list[i].Resource = policy.List(row.Resource)
		}
	}
	d, err := policy.NewDocument(list...)
	if err != nil {
		return err
	}
	if p.speaks, _, err = p.c.statements(d, policy.IdentityBased, nil); err != nil {
		return err
	}
	none, err := p.c.build([]symbolic.Pattern{symbolic.Text("*")})
	if err != nil {
		return err
	}
	for i := range p.rows {
		if p.rows[i].Resource == "" {
			p.speaks[i].Resource = []symbolic.Guarded{{Member: symbolic.Member{Of: none}}}
		}
	}
	for i := range p.rows {
		holds := symbolic.True()
		if region, ok := p.region(&p.rows[i]); ok {
			key := p.c.key("aws:RequestedRegion")
			holds = symbolic.And(key.Some(texts(region)), key.Only(texts(region)))
		}
		p.regions = append(p.regions, holds)
		p.ownedKeys = append(p.ownedKeys, p.ownKeys(&p.rows[i]))
	}
	b := newSide(p.c)
	needless := []string{"sts:getcalleridentity"} // R-SPC-1, R-SPC-2
	if kind := p.subjects[0].caller.kind; kind == policy.User || kind == policy.Root {
		needless = append(needless, "sts:getsessiontoken")
	}
	p.free = b.on(needless, nil)
	p.hide(b)
	if b.err != nil {
		return b.err
	}
	if len(p.listed) > maxRowPlaces {
		return errManyRows
	}
	p.subjects = append(p.subjects, p.subjects[0]) // the side of all places, not narrowed
	places := []place{{}, {unlisted: true}}
	for _, r := range p.listed {
		places = append(places, place{listed: r})
	}
	for _, at := range places {
		if err := p.place(at); err != nil {
			return err
		}
	}
	if err := p.c.lemmas(); err != nil {
		return err
	}
	if err := p.c.problem.Settle(); err != nil {
		return err
	}
	for i := range p.places {
		// A contradiction in what is said of the caller would prove anything.
		if _, ok, err := p.c.problem.Solve(p.places[i].require); err != nil {
			return err
		} else if !ok {
			return errContradiction
		}
	}
	return nil
}

// region is where all requests of a row are made, if that follows: the region of the resource,
// or that of a global service (“AWS global condition context keys”, aws:RequestedRegion).
func (p *rowsProof) region(row *simulate.Permission) (region string, ok bool) {
	parts := strings.SplitN(row.Resource, ":", 6)
	named := len(parts) == 6 && !strings.ContainsAny(parts[3], "*?$")
	if named && parts[3] != "" {
		return parts[3], true
	}
	if named && parts[1] != "aws" || p.subjects[0].principal.ARN().Partition() != "aws" {
		return "", false
	}
	for i, a := range row.Actions {
		prefix, _, _ := strings.Cut(lower(a), ":")
		own, global := serviceref.Embedded().GlobalRegion(prefix)
		if !global || !named && !hasNoRegions(prefix) || i > 0 && own != region {
			return "", false
		}
		region = own
	}
	return region, region != ""
}

// ownKeys is what is true of the keys of the account's resources, unless an action of the row may
// come without them.
func (p *rowsProof) ownKeys(row *simulate.Permission) *symbolic.Formula {
	for _, pattern := range row.Actions {
		for a := range serviceref.Embedded().Actions(pattern) {
			if serviceref.Embedded().MayLackResourceAccount(a) {
				return symbolic.True()
			}
		}
	}
	holds := symbolic.True()
	request := p.subjects[0].request("s3:ListAllMyBuckets", policy.ARN{})
	for _, name := range []string{"aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths"} {
		values, state := p.after.Key(request, name)
		if state != simulate.KeyKnown {
			continue
		}
		for _, v := range values {
			holds = symbolic.And(holds, p.c.key(name).Some(texts(v)))
		}
	}
	return holds
}

// hasNoRegions reports whether no ARN of a service's resources has a region.
func hasNoRegions(prefix string) bool {
	for _, a := range documentedActions(prefix).actions {
		for format := range serviceref.Embedded().ARNFormats(a) {
			if parts := strings.SplitN(format, ":", 6); len(parts) < 6 || parts[3] != "" {
				return false
			}
		}
	}
	return true
}

// maxRowPlaces limits the listed resources that rows are held against one by one.
const maxRowPlaces = 200

// place adds a place.
func (p *rowsProof) place(at place) error {
	sides, require, err := p.at(at).sides(p.c)
	if err != nil {
		return err
	}
	b := &sideBuilder{compiler: p.c, Side: everyLayer(nil, nil)}
	p.narrow(b, at)
	foreign := ""
	if at.listed != nil && at.listed.owner != p.subjects[0].principal.AccountID() {
		foreign = at.listed.arn.String()
	}
	// What the evaluators take for granted of a request.
	direct, secure := p.c.key("aws:ViaAWSService"), p.c.key("aws:SecureTransport")
	require = symbolic.And(require, direct.One(texts("false")), secure.One(texts("true")))
	if through := p.endpointsWithPolicy(); len(through) > 0 {
		require = symbolic.And(require, symbolic.Not(p.c.key("aws:SourceVpce").Some(texts(through...))))
	}
	out := rowsPlace{allowed: sides[1], narrow: b.Side, require: require, listed: at.listed != nil, policed: at != (place{}), unlisted: at.unlisted, foreign: foreign}
	for i := range p.rows {
		r := &p.rows[i].Requires
		is := p.either(r.Allowed)
		out.claims = append(out.claims, claim{is, symbolic.Or(is, p.either(r.Possible))})
	}
	p.places = append(p.places, out)
	return b.err
}

// endpointsWithPolicy are those whose policies bear on requests besides what rows say.
func (p *rowsProof) endpointsWithPolicy() (out []string) {
	o := p.after.Organization()
	for a := range o.Accounts() {
		for _, endpoint := range a.Endpoints {
			if endpoint.Policy != nil || p.isGap(endpoint.ID) {
				out = append(out, endpoint.ID)
			}
		}
	}
	return out
}

func (p *rowsProof) isGap(subject string) bool {
	for g := range p.after.Organization().Gaps() {
		if g.Subject == subject {
			return true
		}
	}
	return false
}

// either is that one of the alternatives holds.
func (p *rowsProof) either(list []simulate.Alternative) *symbolic.Formula {
	out := symbolic.False()
	for _, alternative := range list {
		all := symbolic.True()
		for _, t := range alternative {
			holds := p.c.condition(policy.Version2012, t.Condition)
			if !t.Holds {
				holds = symbolic.Not(holds)
			}
			all = symbolic.And(all, holds)
		}
		out = symbolic.Or(out, all)
	}
	return out
}

// narrow has the layers of a place: a listed resource; what has a policy, or may, and is not
// listed; or the rest of the account.
func (p *rowsProof) narrow(b *sideBuilder, at place) {
	if at.listed != nil {
		p.within(b, at)
		return
	}
	of := func(not bool, list []symbolic.Pattern) symbolic.Statement {
		member, err := b.build(list)
		b.fail(err)
		return symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: member}}}, NotResource: not}
	}
	account, run := p.subjects[0].principal.AccountID(), symbolic.Token{Kind: symbolic.Run}
	// Without an account in its ARN a resource may be the principal's.
	start := "arn:" + p.subjects[0].principal.ARN().Partition() + ":*:*:"
	b.layer(of(false, []symbolic.Pattern{symbolic.Text("*"),
		append(symbolic.Glob(start+account+":", true), run), append(symbolic.Glob(start+":", true), run)}))
	var others, trusts, known []symbolic.Pattern
	for _, r := range p.listed {
		switch {
		case r.role:
			trusts = append(trusts, symbolic.Text(r.arn.String()))
		case !r.principal:
			others = append(others, r.patterns()...)
		}
	}
	for _, r := range p.resources {
		if r.owner != account && r.arn.AccountID() == "" {
			others = append(others, r.patterns()...)
		}
		if !r.principal {
			known = append(known, r.patterns()...)
		}
	}
	b.layer(of(true, others))
	manages := b.on(roleActions, nil)
	manages.NotAction = true
	b.layer(manages, of(true, trusts))
	policed := policed("*") // no ARN of theirs lacks the account
	var unspoken []symbolic.Pattern
	for _, parent := range p.parentsIn(account) {
		below := []symbolic.Pattern{append(symbolic.Text(parent+"/"), run), append(symbolic.Text(parent+":"), run)}
		if goesOn(parent) {
			policed = append(policed, below...)
		} else {
			unspoken = append(unspoken, below...)
		}
	}
	b.layer(of(true, unspoken), of(false, known))
	if at.unlisted {
		b.layer(of(false, policed))
		b.layer(of(true, known))
		return
	}
	b.layer(of(true, policed), of(false, known))
}

// goesOn reports whether a service has resources below one: its format is the beginning of another.
func goesOn(arn string) bool {
	fits, err := fitsOf(lower(strings.SplitN(arn, ":", 4)[2]))
	if err != nil {
		return true
	}
	for t := range serviceref.Embedded().ResourceTypesOf(arn) {
		for format := range t.ARNFormats() {
			short := placeholder.ReplaceAllString(format, "*")
			if begins(short+"/", fits.formats) || begins(short+":", fits.formats) {
				return true
			}
		}
	}
	return false
}

// hide gathers what gaps are about: resources whose policies the environment knows that it does
// not know.
func (p *rowsProof) hide(b *sideBuilder) {
	for g := range p.after.Organization().Gaps() {
		switch g.What {
		case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapControlPolicies, org.GapTags:
			continue // of the principal they are [simulate.Standing.Missing]
		}
		switch {
		case strings.HasPrefix(g.Subject, "vpce-"): // see endpointsWithPolicy
		case policy.IsAccountID(g.Subject) && g.Subject != p.subjects[0].principal.AccountID():
		case strings.HasPrefix(g.Subject, "arn:"):
			of, err := b.build([]symbolic.Pattern{symbolic.Glob(g.Subject, false)})
			b.fail(err)
			p.hidden = append(p.hidden, symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}})
		default:
			b.fail(fmt.Errorf("policies of resources are not known: %s of %s", g.What, g.Subject))
		}
	}
}
