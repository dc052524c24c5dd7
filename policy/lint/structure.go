package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
)

// structureRules are about elements, effects and versions of a document (IAM User Guide,
// “Grammar of the IAM JSON policy language”; “Access Analyzer policy check reference”).
var structureRules = []rule{
	{code: "JSON_SYNTAX_ERROR", typ: Error, kinds: anyKind, title: "The document is not JSON.", check: duplicateMembers},
	{code: "DATA_TYPE_MISMATCH", typ: Error, kinds: anyKind, title: "An element has the wrong JSON type.", check: dataTypes},
	{code: "INVALID_POLICY_ELEMENT", typ: Error, kinds: anyKind, title: "The policy language has no such element.", check: unknownElements},
	{code: "INVALID_VERSION", typ: Error, kinds: anyKind, title: "The version of the policy language does not exist.", check: invalidVersion},
	{code: "MISSING_VERSION", typ: Warning, kinds: anyKind, title: "Without Version the document has the old language, without policy variables.", check: missingVersion},
	{code: "MISSING_STATEMENT", typ: Error, kinds: anyKind, title: "The document has no Statement.", check: missingStatement},
	{code: "INVALID_EFFECT", typ: Error, kinds: anyKind, title: "Effect is neither Allow nor Deny.", check: invalidEffect},
	{code: "MISSING_EFFECT", typ: Error, kinds: anyKind, title: "The statement has no Effect.", check: missing(`want "Allow" or "Deny"`, "Effect")},
	{code: "MISSING_ACTION", typ: Error, kinds: anyKind, title: "The statement has neither Action nor NotAction.", check: missing("want Action or NotAction", "Action", "NotAction")},
	{
		code: "MISSING_RESOURCE", typ: Error, kinds: identityKinds | kindSet(policy.ServiceControl, policy.ResourceControl),
		title: "The statement has neither Resource nor NotResource.",
		check: missing("want Resource or NotResource; \"*\" is every resource", "Resource", "NotResource"),
	},
	{
		code: "MISSING_PRINCIPAL", typ: Error, kinds: principalKinds,
		title: "The statement has neither Principal nor NotPrincipal.",
		check: missing("want the callers that the statement is about, such as {\"AWS\": \"111122223333\"}", "Principal", "NotPrincipal"),
	},
	{code: "UNSUPPORTED_ELEMENT_COMBINATION", typ: Error, kinds: anyKind, title: "Two elements exclude each other.", check: perStatement(exclusiveElements)},
	{
		code: "UNSUPPORTED_PRINCIPAL", typ: Error, kinds: identityKinds,
		title: "Policies of this kind have no Principal.",
		check: forbidden("%s is not allowed here: the principals are those that the policy is attached to; remove it", "Principal", "NotPrincipal"),
	},
	{
		code: "SCP_SYNTAX_ERROR_PRINCIPAL", typ: Error, kinds: scpKind, title: "SCPs have no Principal.",
		check: forbidden("%s is not allowed in an SCP; remove it, and name principals in a condition on aws:PrincipalArn", "Principal", "NotPrincipal"),
	},
	{code: "SCP_SYNTAX_ERROR_ACTION_WILDCARD", typ: Error, kinds: scpKind, title: "Before September 2025, wildcards in SCPs stood at the end of an action.", check: historic(scpWildcards)},
	{code: "SCP_SYNTAX_ERROR_ALLOW_CONDITION", typ: Error, kinds: scpKind, title: "Before September 2025, Allow in SCPs had no Condition.", check: historic(scpAllowCondition)},
	{code: "SCP_SYNTAX_ERROR_ALLOW_NOTACTION", typ: Error, kinds: scpKind, title: "Before September 2025, Allow in SCPs had no NotAction.", check: historic(scpAllowNotAction)},
	{code: "SCP_SYNTAX_ERROR_ALLOW_RESOURCE", typ: Error, kinds: scpKind, title: "Before September 2025, Allow in SCPs was on the resource *.", check: historic(scpAllowResource)},
	{code: "SCP_SYNTAX_ERROR_NOTRESOURCE", typ: Error, kinds: scpKind, title: "Before September 2025, SCPs had no NotResource.", check: historic(scpNotResource)},
	{code: "INVALID_CONDITION_OPERATOR", typ: Error, kinds: anyKind, title: "There is no such condition operator.", check: perStatement(unknownOperators)},
	{code: "EMPTY_ARRAY_ACTION", typ: Suggestion, kinds: anyKind, title: "The statement names no action.", check: perStatement(emptyArray("name at least one action, or remove the statement", "Action", "NotAction"))},
	{code: "EMPTY_ARRAY_RESOURCE", typ: Suggestion, kinds: anyKind, title: "The statement names no resource.", check: perStatement(emptyArray("name at least one resource, or remove the statement", "Resource", "NotResource"))},
	{code: "EMPTY_ARRAY_PRINCIPAL", typ: Suggestion, kinds: anyKind, title: "The statement names no principal.", check: perStatement(emptyPrincipals)},
	{code: "EMPTY_OBJECT_PRINCIPAL", typ: Suggestion, kinds: anyKind, title: "The statement names no principal.", check: perStatement(emptyPrincipalObject)},
	{code: "EMPTY_OBJECT_CONDITION", typ: Suggestion, kinds: anyKind, title: "Condition holds no condition.", check: perStatement(emptyCondition)},
	{code: "REDUNDANT_STATEMENT", typ: Suggestion, kinds: anyKind, title: "Another statement says the same.", check: redundantStatements},
}

var scpKind = kindSet(policy.ServiceControl)

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// perStatement is a check that looks at one statement at a time.
func perStatement(check func(c *checker, s *statement)) func(c *checker) {
	return func(c *checker) {
		for _, s := range c.statements() {
			check(c, s)
		}
	}
}

// duplicateMembers counts as bad JSON, since parsers disagree about which one counts.
func duplicateMembers(c *checker) {
	objects(c.root, "", func(n *jsontree.Node, path string) {
		seen := make(map[string]bool, len(n.Members))
		for i := range n.Members {
			m := &n.Members[i]
			if seen[m.Name] {
				c.reportName(m, path+"/"+jsontree.Escape(m.Name), "%q stands in this object before; keep one of them", clip(m.Name))
			}
			seen[m.Name] = true
		}
	})
	if len(c.src) > policy.MaxSource {
		c.reportSpan(0, 0, "", "the text has %d bytes, and at most %d are read; no policy that AWS stores is so large", len(c.src), policy.MaxSource)
	}
}

// objects calls f for every object of the tree, with its JSON pointer.
func objects(n *jsontree.Node, path string, f func(n *jsontree.Node, path string)) {
	if n.Kind == jsontree.Object {
		f(n, path)
	}
	for i := range n.Members {
		if m := &n.Members[i]; len(m.Value.Members)+len(m.Value.Elements) > 0 {
			objects(&m.Value, path+"/"+jsontree.Escape(m.Name), f)
		}
	}
	for i := range n.Elements {
		if e := &n.Elements[i]; len(e.Members)+len(e.Elements) > 0 {
			objects(e, elementPath(path, i), f)
		}
	}
}

func unknownElements(c *checker) {
	unknownMembers(c, c.root, "", documentElements)
	for _, s := range c.statements() {
		unknownMembers(c, s.node, s.path, statementElements)
	}
}

func unknownMembers(c *checker, n *jsontree.Node, path string, known []string) {
	for i := range n.Members {
		m := &n.Members[i]
		if slices.Contains(known, m.Name) {
			continue
		}
		at := path + "/" + jsontree.Escape(m.Name)
		if path == "" && slices.Contains(statementElements, m.Name) {
			c.reportName(m, at, "%s belongs to a statement; put it into an object of Statement", m.Name)
			continue
		}
		best := nearest(m.Name, slices.Values(known), 3)
		f := c.reportName(m, at, "there is no element %q; %s", clip(m.Name), best.question("want "+strings.Join(known, ", ")))
		if name, ok := best.certain(); ok && c.grantsNothing() {
			if _, stands := n.Member(name); !stands {
				f.Fix = &Fix{Start: m.NameStart, End: m.NameEnd, Text: quoted(name)}
			}
		}
	}
}

func invalidVersion(c *checker) {
	n, ok := c.root.Member("Version")
	if !ok || n.Kind != jsontree.String || n.Text == string(policy.Version2012) || n.Text == string(policy.Version2008) {
		return
	}
	want := string(policy.Version2012)
	if best := nearest(n.Text, slices.Values([]string{string(policy.Version2008)}), 2); len(best.names) > 0 && levenshtein.Distance(n.Text, want) > best.distance {
		want = string(policy.Version2008)
	}
	f := c.report(n, "/Version", "there is no version %q of the policy language; want %q", clip(n.Text), policy.Version2012)
	if c.grantsNothing() {
		f.Fix = replace(n, quoted(want))
	}
}

// missingVersion: a document without Version has the language of 2008, in which ${…} is
// plain text (IAM User Guide, “IAM JSON policy elements: Version”). Without ${…} both
// languages mean the same.
func missingVersion(c *checker) {
	if _, ok := c.root.Member("Version"); ok || c.root.Kind != jsontree.Object {
		return
	}
	f := c.reportSpan(c.root.Start, c.root.Start+1, "/Version", `no Version, which means %s, the language without policy variables; want "Version": %q`, policy.Version2008, policy.Version2012)
	if len(c.root.Members) == 0 || strings.Contains(string(c.src), "${") {
		return
	}
	at := c.root.Start + 1
	space := string(c.src[at:c.root.Members[0].NameStart])
	f.Fix = &Fix{Start: at, End: at, Text: space + `"Version": ` + quoted(string(policy.Version2012)) + ","}
}

func missingStatement(c *checker) {
	if _, ok := c.root.Member("Statement"); !ok && c.root.Kind == jsontree.Object {
		c.report(c.root, "/Statement", "no Statement, so the policy says nothing; want a statement or an array of statements")
	}
}

// invalidEffect: both words are case-sensitive.
func invalidEffect(c *checker) {
	for _, s := range c.statements() {
		n, ok := s.member("Effect")
		if !ok || n.Kind != jsontree.String || s.effect() != "" {
			continue
		}
		best := nearest(strings.TrimSpace(n.Text), slices.Values([]string{"Allow", "Deny"}), 2)
		f := c.report(n, s.path+"/Effect", "there is no effect %q; %s", clip(n.Text), best.question(`want "Allow" or "Deny"`))
		if name, ok := best.certain(); ok && name == "Deny" && c.grantsNothing() {
			f.Fix = replace(n, quoted(name))
		}
	}
}

// missing checks that statements have one of the elements.
func missing(want string, elements ...string) func(c *checker) {
	return perStatement(func(c *checker, s *statement) {
		for _, e := range elements {
			if _, ok := s.member(e); ok {
				return
			}
		}
		c.report(s.node, s.path+"/"+elements[0], "the statement has no %s; %s", strings.Join(elements, " and no "), want)
	})
}

// forbidden checks that statements have none of the elements.
func forbidden(format string, elements ...string) func(c *checker) {
	return perStatement(func(c *checker, s *statement) {
		for _, e := range elements {
			if n, ok := s.member(e); ok {
				c.report(n, s.path+"/"+e, format, e)
			}
		}
	})
}

func exclusiveElements(c *checker, s *statement) {
	for _, e := range []string{"Action", "Resource", "Principal"} {
		if _, ok := s.member(e); !ok {
			continue
		}
		for i := range s.node.Members {
			if m := &s.node.Members[i]; m.Name == "Not"+e {
				c.reportName(m, s.path+"/"+m.Name, "%s stands beside %s; keep one of the two, or make two statements", m.Name, e)
				break
			}
		}
	}
}

func unknownOperators(c *checker, s *statement) {
	n, ok := s.member("Condition")
	if !ok {
		return
	}
	for i := range n.Members {
		m := &n.Members[i]
		if policy.Operator(m.Name).IsValid() {
			continue
		}
		best := nearest(m.Name, operatorNames(m.Name), 3)
		f := c.reportName(m, s.path+"/Condition/"+jsontree.Escape(m.Name), "there is no condition operator %q; %s", clip(m.Name), best.question("want one such as StringEquals, ArnLike or Bool"))
		if name, ok := best.certain(); ok && c.grantsNothing() {
			if _, stands := n.Member(name); !stands {
				f.Fix = &Fix{Start: m.NameStart, End: m.NameEnd, Text: quoted(name)}
			}
		}
	}
}

// operatorNames yields the condition operators, with set operators if the misspelt one
// seems to have one.
func operatorNames(misspelt string) func(yield func(string) bool) {
	prefixes := []string{""}
	if strings.Contains(misspelt, ":") {
		prefixes = []string{policy.ForAllValues.String() + ":", policy.ForAnyValue.String() + ":"}
	}
	return func(yield func(string) bool) {
		for _, prefix := range prefixes {
			for _, base := range policy.Operators() {
				if !yield(prefix+base) || !yield(prefix+base+"IfExists") {
					return
				}
			}
		}
	}
}

// redundantStatements compares statements without their Sids.
func redundantStatements(c *checker) {
	first := make(map[string]*statement, len(c.stmts))
	for _, s := range c.statements() {
		print := fingerprint(s.node, "Sid")
		if other, ok := first[print]; ok {
			c.report(s.node, s.path, "says the same as %s; remove one of them", other.path).Fix = removeElement(s.list(), s.index)
			continue
		}
		first[print] = s
	}
}

// list is the array that holds the statement; nil if it stands alone.
func (s *statement) list() *jsontree.Node {
	if n, ok := s.c.root.Member("Statement"); ok && n.Kind == jsontree.Array {
		return n
	}
	return nil
}
