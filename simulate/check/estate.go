package check

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An estate is what two environments have besides the principals that are compared, found once
// for all of them.
type estate struct {
	before, after *simulate.Environment // of those who lack, and of the one who holds
	resources     []*listedResource     // of both, by ARN
	parents       []string              // ARNs of what may have policies of its own below it
	gaps          []string              // globs of what is not known
	gapsDiffer    bool
	hidesDiffer   bool   // gaps hide other policies of resources in one environment than in the other
	unknownRCP    string // an RCP, or what it is attached to, of which it is not known what it says; "": none
	endpoints     bool   // policies of VPC endpoints differ
	sameRCPs      bool
	sameOrigin    bool // one environment was made of the other by changes
	moved         bool // some account has another place in the organization
	mentioned     map[*policy.Document]*mention
	hidden        map[string]*symbolic.Automaton // by account
	proved        map[string]bool                // of layers, see layerWithin
	federated     map[string][]*listedResource   // by account, see namingFederated
	// rcpsTellFederated says that an RCP in force speaks of keys that differ for sessions of
	// sts:GetFederationToken; nil: not looked at yet.
	rcpsTellFederated *bool
	left              int // how many principals may still have a proof of their own; below 0: all
}

// A listedResource is one with a policy that may name principals, or a user or role.
type listedResource struct {
	arn       policy.ARN
	owner     string              // account
	role      bool                // its policy is a trust policy
	principal bool                // a user or role as the resource of actions that manage it
	below     bool                // the policy speaks for what lies below it, too
	unknown   bool                // the policy is not known in one of the environments
	blocks    bool                // Block Public Access is on in one of them
	managers  [2]bool             // it is a key that AWS may manage, before and after
	policies  [2]*policy.Document // before and after
	facts     [2]string           // what else decides, likewise
	within    *bool               // see resourceWithin
}

// mayManage reports whether AWS may manage the key, as far as an environment knows.
func (e *estate) mayManage(r *listedResource, env *simulate.Environment) bool {
	if env == e.after {
		return r.managers[1]
	}
	return r.managers[0]
}

// changed reports whether the resource is not the same in both environments.
func (r *listedResource) changed() bool {
	return r.facts[0] != r.facts[1] || !samePolicy(r.policies)
}

func newEstate(before, after *simulate.Environment) (*estate, error) {
	if before.Organization() == nil || after.Organization() == nil {
		return nil, errors.New("check: an environment of bare layers has no principals; compare its documents")
	}
	e := &estate{before: before, after: after, mentioned: map[*policy.Document]*mention{}, hidden: map[string]*symbolic.Automaton{}, proved: map[string]bool{}, left: -1, sameRCPs: true}
	byARN := map[string]*listedResource{}
	var gaps [2][]string
	for i, env := range []*simulate.Environment{before, after} {
		for g := range env.Organization().Gaps() {
			gaps[i] = append(gaps[i], g.Subject+" "+g.What)
			if !slices.Contains(e.gaps, g.Subject) {
				e.gaps = append(e.gaps, g.Subject)
			}
		}
		for a := range env.Organization().Accounts() {
			e.account(env, i, a, byARN)
		}
	}
	e.sameOrigin = before == after || sharesDocument(before, after)
	if before != after {
		e.gapsDiffer = !slices.Equal(gaps[0], gaps[1])
		one, other := surroundingOf(before), surroundingOf(after)
		e.hidesDiffer = hiding(before, byARN) != hiding(after, byARN)
		e.endpoints, e.sameRCPs, e.moved = one.endpoints != other.endpoints, one.rcps == other.rcps, one.paths != other.paths
	}
	for _, env := range []*simulate.Environment{before, after} {
		gaps := newControlGaps(env.Organization())
		for a := range env.Organization().Accounts() {
			e.unknownRCP = cmp.Or(e.unknownRCP, gaps.unknown(env.Organization(), a.ID, policy.ResourceControl))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(byARN)) {
		e.resources = append(e.resources, byARN[key])
		for i, facts := range byARN[key].facts {
			if facts == "" && byARN[key].arn.Service() == "kms" {
				byARN[key].managers[i] = true // of a key that is not listed nobody knows
			}
		}
		if !byARN[key].below && !isLeaf(byARN[key].arn) {
			e.parents = append(e.parents, byARN[key].arn.String())
		}
	}
	e.parents = slices.Compact(e.parents)
	return e, nil
}

// isLeaf reports whether nothing that is not listed can have a policy below a resource: the names
// of queues, topics and keys end their ARNs, and below the name of a role or a secret there are
// only other roles and secrets.
func isLeaf(a policy.ARN) bool {
	return slices.Contains([]string{"iam", "kms", "secretsmanager", "sns", "sqs"}, a.Service())
}

// account adds what an account lists.
func (e *estate) account(env *simulate.Environment, i int, a org.Account, byARN map[string]*listedResource) {
	add := func(key string, arn policy.ARN, d *policy.Document) *listedResource {
		r, ok := byARN[key]
		if !ok {
			r = &listedResource{arn: arn, owner: a.ID}
			byARN[key] = r
		}
		r.policies[i] = d
		r.facts[i] += a.ID + " "
		return r
	}
	for _, resource := range a.Resources {
		text := resource.ARN.String()
		r := add(text, resource.ARN, resource.Policy)
		_, object := bucket(resource.ARN)
		r.below = !object && speaksBelow(resource.ARN)
		r.unknown = r.unknown || object || env.Standing(simulate.Request{Principal: policy.AnonymousPrincipal(), Action: r.action(), Resource: resource.ARN}).MissingResource != ""
		r.managers[i] = resource.ARN.Service() == "kms" && gapOf(env.Organization(), org.GapKeyManager, text, a.ID)
		r.blocks = r.blocks || resource.BlockPublicAccess || a.BlockPublicAccess
		r.facts[i] += fmt.Sprint(resource.Tags, resource.ABAC, resource.BlockPublicAccess || a.BlockPublicAccess, resource.Owner, resource.AWSManaged)
	}
	for _, role := range a.Roles {
		r := add(role.ARN.String()+" trust", role.ARN, role.Trust)
		r.role = true
		r.unknown = r.unknown || env.Standing(simulate.Request{Principal: policy.AnonymousPrincipal(), Action: r.action(), Resource: role.ARN}).MissingResource != ""
		r.facts[i] += fmt.Sprint(role.Tags)
		r = add(role.ARN.String(), role.ARN, nil)
		r.principal = true
		r.facts[i] += fmt.Sprint(role.Tags)
	}
	for _, user := range a.Users {
		r := add(user.ARN.String(), user.ARN, nil)
		r.principal = true
		r.facts[i] += fmt.Sprint(user.Tags)
	}
}

// A surrounding is what an organization has that is compared as a whole.
type surrounding struct{ endpoints, rcps, paths string }

func surroundingOf(env *simulate.Environment) surrounding {
	o := env.Organization()
	gaps := newControlGaps(o)
	var endpoints, rcps, paths strings.Builder
	for a := range o.Accounts() {
		for _, ep := range a.Endpoints {
			fmt.Fprintln(&endpoints, ep.ID, ep.VPC, ep.Gateway, ep.Service, ep.Policy)
		}
		path := o.Path(a.ID)
		fmt.Fprintln(&paths, a.ID, path)
		fmt.Fprintln(&rcps, a.ID)
		if len(path) > 0 && o.PolicyTypeEnabled(policy.ResourceControl) {
			fmt.Fprintln(&rcps, gaps.unknown(o, a.ID, policy.ResourceControl))
			for node, p := range o.Inherited(a.ID, policy.ResourceControl) {
				fmt.Fprintln(&rcps, node, p.Document)
				if p.Document == nil {
					fmt.Fprintln(&rcps, p.ID)
				}
			}
		}
	}
	return surrounding{endpoints.String(), rcps.String(), paths.String() + o.ID() + o.ManagementAccount()}
}

// A mention is whom a document may name.
type mention struct {
	anybody  bool
	accounts map[string]bool
}

// mentions reports whether the document may name a principal of the account.
func (e *estate) mentions(d *policy.Document, account string) bool {
	m, ok := e.mentioned[d]
	if !ok {
		m = &mention{accounts: map[string]bool{}}
		e.mentioned[d] = m
		for _, s := range d.Statements() {
			m.anybody = m.anybody || !s.NotPrincipal.IsZero()
			for _, id := range s.Principal.All() {
				arn, err := policy.ParseARN(id)
				switch {
				case policy.IsAccountID(id):
					m.accounts[id] = true
				case err == nil && policy.IsAccountID(arn.AccountID()):
					m.accounts[arn.AccountID()] = true
				default:
					m.anybody = true // everybody, a unique ID, a canonical user
				}
			}
		}
	}
	return m.anybody || m.accounts[account]
}

// mayHide is the automaton of resources of an account that may have a policy though nothing
// says so: keys, access points, what lies below a listed resource, and what gaps name.
func (e *estate) mayHide(c *compiler, account string) (*symbolic.Automaton, error) {
	if a, ok := e.hidden[account]; ok {
		return a, c.use(a)
	}
	run := symbolic.Token{Kind: symbolic.Run}
	list := policed(account)
	for _, arn := range e.parentsIn(account) {
		list = append(list, append(symbolic.Text(arn+"/"), run), append(symbolic.Text(arn+":"), run))
	}
	for _, g := range e.gaps {
		if policy.IsAccountID(g) && g != account {
			continue
		} else if g == account {
			g = "*"
		}
		list = append(list, symbolic.Glob(g, false))
	}
	a, err := c.build(list)
	if err == nil {
		e.hidden[account] = a
	}
	return a, err
}

// policed are the resources of an account that have a policy, or stand before one that has,
// whether they are listed or not: keys and access points.
func policed(account string) []symbolic.Pattern {
	return []symbolic.Pattern{
		append(symbolic.Glob("arn:*:kms:*:"+account+":", true), symbolic.Glob("key/*", false)...),
		append(symbolic.Glob("arn:*:s3:*:"+account+":", true), symbolic.Glob("accesspoint/*", false)...),
	}
}

// parentsIn are the parents that are of an account, or whose ARNs name none.
func (e *estate) parentsIn(account string) (out []string) {
	for _, arn := range e.parents {
		if a, err := policy.ParseARN(arn); err != nil || a.AccountID() == "" || a.AccountID() == account {
			out = append(out, arn)
		}
	}
	return out
}

// allRCPs are the RCPs in force on any account.
func allRCPs(env *simulate.Environment) (out []*policy.Document) {
	o := env.Organization()
	for a := range o.Accounts() {
		if len(o.Path(a.ID)) == 0 || !o.PolicyTypeEnabled(policy.ResourceControl) {
			continue
		}
		for _, p := range o.Inherited(a.ID, policy.ResourceControl) {
			if p.Document != nil && !slices.Contains(out, p.Document) {
				out = append(out, p.Document)
			}
		}
	}
	return out
}

func samePolicy(p [2]*policy.Document) bool {
	return p[0] == p[1] || p[0] != nil && p[1] != nil && p[0].String() == p[1].String()
}

// sharesDocument reports whether the organizations hold the same *policy.Document, as they do
// when one was made of the other. Policies of AWS do not count, which all have in common.
func sharesDocument(a, b *simulate.Environment) bool {
	seen := map[*policy.Document]bool{}
	own := func(env *simulate.Environment, visit func(*policy.Document) bool) bool {
		for a := range env.Organization().Accounts() {
			for _, r := range a.Roles {
				if r.Trust != nil && visit(r.Trust) {
					return true
				}
			}
			for _, u := range a.Users {
				for _, p := range u.Inline {
					if p.Document != nil && visit(p.Document) {
						return true
					}
				}
			}
			for _, r := range a.Resources {
				if r.Policy != nil && visit(r.Policy) {
					return true
				}
			}
		}
		return false
	}
	own(a, func(d *policy.Document) bool { seen[d] = true; return false })
	return own(b, func(d *policy.Document) bool { return seen[d] })
}
