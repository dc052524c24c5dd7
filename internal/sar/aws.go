package sar

import (
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/jsontree"
)

// A file of AWS's service reference (Service Authorization Reference, “Simplified AWS
// service information for programmatic access”) is the actions, resource types and
// condition keys of one service. It says neither what the service is called, whether RCPs
// reach it, which resource types are required, the keys of pairs of action and type, nor
// the advisory facts: [Facts.Overlay] keeps what was known of these.

// isAWS tells such a file from the form sar-facts/1.
func isAWS(root *jsontree.Node) bool {
	_, schema := root.Member("schema")
	_, actions := root.Member("Actions")
	return !schema && actions
}

// IsIndex reports whether src is one of the files that AWS gives next to those of the
// services: the list of services, or the map of SDK clients. They hold no facts.
func IsIndex(src []byte) bool {
	root, err := jsontree.Parse(src)
	if err != nil {
		return false
	}
	if root.Kind == jsontree.Array && len(root.Elements) > 0 {
		_, service := root.Elements[0].Member("service")
		_, url := root.Elements[0].Member("url")
		return service && url
	}
	_, sdk := root.Member("SDK")
	return sdk
}

// aws reads the file. Members that are not known are passed over: AWS adds some.
func (p *parser) aws(root *jsontree.Node) {
	s := Service{FromAWS: true}
	name, ok := root.Member("Name")
	if !ok {
		p.fail("", root.Start, "no \"Name\"; want the prefix of the service")
		return
	}
	if s.Prefix = p.text("/Name", name); s.Prefix == "" || strings.ContainsAny(s.Prefix, ":*? ") {
		p.fail("/Name", name.Start, "%q is no service prefix", s.Prefix)
	}
	s.Name = s.Prefix
	declared, types := make(map[string]bool), make(map[string]bool)
	p.awsList(root, "ConditionKeys", "", func(path, name string, n *jsontree.Node) { p.awsKey(path, name, n, &s, declared) })
	p.awsList(root, "Resources", "", func(path, name string, n *jsontree.Node) {
		t := Type{Name: name, Keys: p.awsKeys(path, n, "ConditionKeys", declared)}
		types[ascii.ToLower(name)] = true
		if arns, ok := n.Member("ARNFormats"); ok {
			p.elements(path+"/ARNFormats", arns, func(path string, n *jsontree.Node) { t.ARNs = append(t.ARNs, p.arnFormat(path, n)) })
		}
		s.Types = append(s.Types, t)
	})
	p.awsList(root, "Actions", "", func(path, name string, n *jsontree.Node) {
		a := Action{Name: name, Level: p.awsLevel(path, n), Keys: p.awsKeys(path, n, "ActionConditionKeys", declared)}
		p.awsList(n, "Resources", path, func(path, name string, n *jsontree.Node) {
			if !types[ascii.ToLower(name)] {
				p.fail(path, n.Start, "no resource type %q; declare it under Resources", name)
			}
			a.AddRef(Ref{Type: name})
		})
		s.Actions = append(s.Actions, a)
	})
	if len(s.Actions) == 0 {
		p.fail("/Actions", root.Start, "no actions")
	}
	p.facts.Services = append(p.facts.Services, s)
}

// awsList calls f for the elements of a list of things with a Name, which may be missing.
func (p *parser) awsList(n *jsontree.Node, member, path string, f func(path, name string, n *jsontree.Node)) {
	list, ok := n.Member(member)
	if !ok {
		return
	}
	p.elements(path+"/"+member, list, func(path string, n *jsontree.Node) {
		name, ok := n.Member("Name")
		if !ok || name.Kind != jsontree.String || name.Text == "" {
			p.fail(path, n.Start, "no \"Name\"")
			return
		}
		f(path, name.Text, n)
	})
}

func (p *parser) awsKey(path, name string, n *jsontree.Node, s *Service, declared map[string]bool) {
	types, ok := n.Member("Types")
	if !ok || types.Kind != jsontree.Array || len(types.Elements) == 0 {
		p.fail(path, n.Start, "no \"Types\"; want a list such as [\"String\"]")
		return
	}
	p.declareKey(path+"/Types/0", name, &types.Elements[0], s, declared)
}

func (p *parser) awsKeys(path string, n *jsontree.Node, member string, declared map[string]bool) []string {
	list, ok := n.Member(member)
	if !ok {
		return nil
	}
	return p.keyList(path+"/"+member, list, declared)
}

// awsLevel makes the access level of the action's properties.
func (p *parser) awsLevel(path string, n *jsontree.Node) uint8 {
	var properties *jsontree.Node
	annotations, ok := n.Member("Annotations")
	if ok {
		properties, ok = annotations.Member("Properties")
	}
	if !ok {
		p.fail(path, n.Start, "no \"Annotations\" with \"Properties\", which say the access level; want a newer file")
		return 0
	}
	level := "Read"
	for _, by := range [][2]string{ // the last one that is true counts
		{"IsWrite", "Write"}, {"IsList", "List"}, {"IsTaggingOnly", "Tagging"}, {"IsPermissionManagement", "Permissions management"},
	} {
		if is, ok := properties.Member(by[0]); ok && p.flag(path+"/Annotations/Properties/"+by[0], is) {
			level = by[1]
		}
	}
	l, _ := ParseLevel(level)
	return l
}

// keep takes over what a file of AWS does not say.
func (s *Service) keep(old *Service) {
	s.Name = old.Name
	s.Keys = append(s.Keys, old.Keys...)
	was := make(map[string]*Action, len(old.Actions))
	for i := range old.Actions {
		was[ascii.ToLower(old.Actions[i].Name)] = &old.Actions[i]
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		o := was[ascii.ToLower(a.Name)]
		if o == nil {
			continue
		}
		a.Advisory, a.Dependents, a.PermissionOnly = o.Advisory, o.Dependents, o.PermissionOnly
		for j := range a.Refs {
			for _, r := range o.Refs {
				if ascii.Compare(r.Type, a.Refs[j].Type) == 0 {
					a.Refs[j].Required, a.Refs[j].Keys = r.Required, r.Keys
				}
			}
		}
	}
}
