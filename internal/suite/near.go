package suite

import (
	"strings"

	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// mostTypos is how many letters a name may be off to be taken for a misspelling.
const mostTypos = 2

// nearAccount is the account of the organization that a principal's unknown account is most
// likely a misspelling of, or "".
func (w *World) nearAccount(p policy.Principal) string {
	id := p.AccountID()
	if w.Org == nil || id == "" {
		return ""
	}
	near, asked := w.near[id]
	if !asked {
		if _, ours := w.Org.Account(id); !ours {
			for a := range w.Org.Accounts() {
				if near == "" && levenshtein.Distance(id, a.ID) <= mostTypos {
					near = a.ID
				}
			}
		}
		w.near[id] = near
	}
	return near
}

// nearResource is the resource, role or user of the organization that the request's resource
// is most likely a misspelling of, or "". Resources that are not listed are common, and
// what is created does not exist yet.
func (w *World) nearResource(r simulate.Request) string {
	if w.Org == nil || !r.Resource.IsValid() || strings.HasPrefix(strings.ToLower(r.Action.Name()), "create") {
		return ""
	}
	name := r.Resource.String()
	if r.Resource.Service() == "s3" {
		name, _, _ = strings.Cut(name, "/") // the bucket
	}
	near, asked := w.near[name]
	if !asked {
		near = w.nearName(name)
		w.near[name] = near
	}
	return near
}

func (w *World) nearName(name string) (near string) {
	if w.names == nil {
		for a := range w.Org.Accounts() {
			for i := range a.Resources {
				w.names = append(w.names, a.Resources[i].ARN.String())
			}
			for i := range a.Roles {
				w.names = append(w.names, a.Roles[i].ARN.String())
			}
			for i := range a.Users {
				w.names = append(w.names, a.Users[i].ARN.String())
			}
		}
	}
	for _, known := range w.names {
		switch {
		case known == name || strings.HasPrefix(name, known+"/") || strings.HasPrefix(name, known+":"):
			return ""
		case near == "" && max(len(known)-len(name), len(name)-len(known)) <= mostTypos && levenshtein.Distance(name, known) <= mostTypos:
			near = known
		}
	}
	return near
}
