package detect

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A KeyUse is what events say of a long-term access key: with it and the inventory somebody
// decides what to put in its place.
type KeyUse struct {
	ID        string
	Principal string
	Account   string
	Count     int
	First     time.Time
	Last      time.Time
	Agents    []string // programs, sorted; at most 32
	Addresses int      // at most 256 are told apart
	// Hints are what user agents show of where the key is, sorted: "github-actions",
	// "gitlab", "lambda", "ec2", "ecs", "cloudshell", "terraform", "windows" and "macos". None
	// of them is a proof, since whoever calls chooses the user agent, and nothing follows from
	// none.
	Hints []string
}

// hints are texts in user agents, in lower case, and what they tell. Actions and runners of
// CI services put their names there, and SDKs the environment that they run in (AWS SDKs and
// Tools Reference Guide, AWS_EXECUTION_ENV).
var hints = [...]struct{ text, hint string }{
	{"github", "github-actions"},
	{"gitlab", "gitlab"},
	{"exec-env/aws_lambda", "lambda"},
	{"exec-env/aws_ecs", "ecs"},
	{"exec-env/ec2", "ec2"},
	{"exec-env/cloudshell", "cloudshell"},
	{"terraform", "terraform"},
	{"windows", "windows"},
	{"macos", "macos"},
	{"darwin", "macos"},
}

const maxAgents = 32

type keyUses struct {
	keys map[string]*keyUse
}

type keyUse struct {
	KeyUse
	agents, hints map[string]bool
	addresses     map[netip.Addr]bool
}

func newKeyUses() *keyUses { return &keyUses{make(map[string]*keyUse)} }

func (u *keyUses) see(e *event) {
	id := e.Identity.AccessKey
	if !isLongTerm(id) {
		return
	}
	k := u.keys[id]
	if k == nil {
		if len(u.keys) >= maxGroups {
			return
		}
		id = strings.Clone(id)
		k = &keyUse{KeyUse: KeyUse{ID: id, Principal: strings.Clone(e.principal), Account: strings.Clone(e.Identity.AccountID)}, agents: make(map[string]bool), hints: make(map[string]bool), addresses: make(map[netip.Addr]bool)}
		u.keys[id] = k
	}
	k.Count++
	if k.First.IsZero() || e.Time.Before(k.First) {
		k.First = e.Time
	}
	if e.Time.After(k.Last) {
		k.Last = e.Time
	}
	if e.addr.IsValid() && len(k.addresses) < maxPlaces {
		k.addresses[e.addr] = true
	}
	if a := e.program.name; a != "" && !k.agents[a] && len(k.agents) < maxAgents {
		k.agents[a] = true
	}
	for _, h := range e.program.hints {
		k.hints[h] = true
	}
}

// programOf takes a user agent apart.
func programOf(userAgent string) program {
	p := program{name: strings.Clone(agent(userAgent))}
	lower := strings.ToLower(userAgent)
	for _, h := range hints {
		if strings.Contains(lower, h.text) {
			p.hints = append(p.hints, h.hint)
		}
	}
	return p
}

func (u *keyUses) list() []KeyUse {
	var out []KeyUse
	for _, id := range slices.Sorted(maps.Keys(u.keys)) {
		k := u.keys[id]
		k.Agents, k.Hints, k.Addresses = slices.Sorted(maps.Keys(k.agents)), slices.Sorted(maps.Keys(k.hints)), len(k.addresses)
		out = append(out, k.KeyUse)
	}
	return out
}
