package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// allFormats are the formats that list all differences.
var allFormats = []string{"text", "json"}

// allText are the differences as regions, each with a request of it.
func allText(s *check.Summary) string {
	var b strings.Builder
	if s.Certified {
		fmt.Fprintf(&b, "all of it, and nothing else, is in %s, as is proved:\n", plural(len(s.Regions), "region"))
	} else {
		fmt.Fprintf(&b, "not proved to be all, or to be only that: %s\n", printable(s.Reason))
	}
	for _, r := range s.Regions {
		fmt.Fprintf(&b, "  %s\n", printable(r.String()))
		if x := r.Example; x != nil {
			fmt.Fprintf(&b, "    for example %s", exampleText(x, " for "+callerText(x.Request.Principal)))
			b.WriteString("\n")
		}
	}
	return b.String()
}

// exampleText is the request of an example, with what is to be said about its caller.
func exampleText(x *check.Counterexample, caller string) string {
	text := fmt.Sprintf("%s on %s%s", plain(string(x.Request.Action)), plain(resourceText(x.Request.Resource)), caller)
	for _, k := range sortedKeys(x.Request.Keys) {
		text += fmt.Sprintf(", %s = %s", plain(k.name), printable(wording.AndList(k.values)))
	}
	return text
}

// A summaryJSON is all that one policy allows and another does not.
type summaryJSON struct {
	Certified bool         `json:"certified"` // proved: the regions are all of it, and nothing else
	Reason    string       `json:"reason,omitempty"`
	Folded    int          `json:"folded,omitempty"` // regions that are left out
	Regions   []regionJSON `json:"regions"`
}

type regionJSON struct {
	Says      string            `json:"says"`
	Statement json.RawMessage   `json:"statement"`
	Within    []json.RawMessage `json:"within,omitempty"`
	Except    []json.RawMessage `json:"except,omitempty"`
	Example   *regionExample    `json:"example,omitempty"`
}

type regionExample struct {
	Request    requestJSON `json:"request"`
	Documented bool        `json:"documented"`
}

func summaryOf(s *check.Summary) (*summaryJSON, error) {
	if s == nil {
		return nil, nil
	}
	out := &summaryJSON{Certified: s.Certified, Reason: s.Reason, Folded: s.Folded, Regions: []regionJSON{}}
	statements := func(list []policy.Statement) ([]json.RawMessage, error) {
		for i := range list {
			list[i].SID = "" // some have none of their own
		}
		d, err := policy.NewDocument(list...)
		if err != nil {
			return nil, err
		}
		var written struct{ Statement []json.RawMessage }
		err = json.Unmarshal(d.Source(), &written)
		return written.Statement, err
	}
	for _, r := range s.Regions {
		all, err := statements(slices.Concat([]policy.Statement{r.Statement}, r.Within, r.Except))
		if err != nil {
			return nil, err
		}
		n := 1 + len(r.Within)
		j := regionJSON{Says: r.String(), Statement: all[0], Within: all[1:n], Except: all[n:]}
		if x := r.Example; x != nil {
			j.Example = &regionExample{requestOf(x.Request), x.Documented}
		}
		out.Regions = append(out.Regions, j)
	}
	return out, nil
}
