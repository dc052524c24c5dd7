package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
)

// elementPath is the JSON pointer of an array's element.
func elementPath(path string, i int) string { return fmt.Sprintf("%s/%d", path, i) }

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\ufffd"))
	if err != nil {
		panic("lint: a valid text does not quote: " + err.Error())
	}
	return string(b)
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// removeElement is the fix that takes an element out of an array of several.
func removeElement(list *jsontree.Node, i int) *Fix {
	if list == nil || len(list.Elements) < 2 {
		return nil
	}
	if i+1 < len(list.Elements) {
		return &Fix{Start: list.Elements[i].Start, End: list.Elements[i+1].Start}
	}
	return &Fix{Start: list.Elements[i-1].End, End: list.Elements[i].End}
}

// removeMember is the fix that takes a member out of an object.
func removeMember(object *jsontree.Node, i int) *Fix {
	m := &object.Members[i]
	switch {
	case i+1 < len(object.Members):
		return &Fix{Start: m.NameStart, End: object.Members[i+1].NameStart}
	case i > 0:
		return &Fix{Start: object.Members[i-1].Value.End, End: m.Value.End}
	}
	return &Fix{Start: m.NameStart, End: m.Value.End}
}

// fingerprint is a text that nodes of the same content share: the order of members and
// values does not matter, nor whether a single value stands in an array. The member
// called without is left out.
func fingerprint(n *jsontree.Node, without string) string {
	var parts []string
	switch n.Kind {
	case jsontree.Object:
		for i := range n.Members {
			if m := &n.Members[i]; m.Name != without {
				parts = append(parts, quoted(m.Name)+":"+fingerprint(&m.Value, ""))
			}
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case jsontree.Array:
		for i := range n.Elements {
			parts = append(parts, fingerprint(&n.Elements[i], ""))
		}
		slices.Sort(parts)
		if parts = slices.Compact(parts); len(parts) == 1 {
			return parts[0]
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(n.Kind) + quoted(n.Text)
}
