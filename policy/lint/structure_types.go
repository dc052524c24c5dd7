package lint

import (
	"github.com/licit-dev/licit/internal/jsontree"
)

// dataTypes holds every element to the JSON type that the grammar gives it. Of members
// that stand more than once the first counts.
func dataTypes(c *checker) {
	if c.root.Kind != jsontree.Object {
		c.report(c.root, "", "the document is %s; want an object with Version and Statement", c.root.Kind)
		return
	}
	for _, name := range []string{"Version", "Id"} {
		if n, ok := c.root.Member(name); ok {
			c.wantString(n, "/"+name, name)
		}
	}
	c.statementTypes()
	for _, s := range c.statements() {
		for _, name := range []string{"Sid", "Effect"} {
			if n, ok := s.member(name); ok {
				c.wantString(n, s.path+"/"+name, name)
			}
		}
		for _, name := range []string{"Action", "NotAction", "Resource", "NotResource"} {
			if n, ok := s.member(name); ok {
				c.wantStrings(n, s.path+"/"+name, name)
			}
		}
		c.principalTypes(s)
		c.conditionTypes(s)
	}
}

func (c *checker) statementTypes() {
	n, ok := c.root.Member("Statement")
	switch {
	case !ok || n.Kind == jsontree.Object:
	case n.Kind != jsontree.Array:
		c.report(n, "/Statement", "Statement is %s; want a statement or an array of statements", n.Kind)
	default:
		for i := range n.Elements {
			if e := &n.Elements[i]; e.Kind != jsontree.Object {
				c.report(e, elementPath("/Statement", i), "the statement is %s; want an object", e.Kind)
			}
		}
	}
}

func (c *checker) wantString(n *jsontree.Node, path, name string) {
	if n.Kind != jsontree.String {
		c.report(n, path, "%s is %s; want a string", name, n.Kind)
	}
}

func (c *checker) wantStrings(n *jsontree.Node, path, name string) {
	if n.Kind != jsontree.Array {
		if n.Kind != jsontree.String {
			c.report(n, path, "%s is %s; want a string or an array of strings", name, n.Kind)
		}
		return
	}
	for i := range n.Elements {
		if e := &n.Elements[i]; e.Kind != jsontree.String {
			c.report(e, elementPath(path, i), "a value of %s is %s; want a string", name, e.Kind)
		}
	}
}

// principalTypes leaves strings other than "*" to INVALID_PRINCIPAL_FORMAT.
func (c *checker) principalTypes(s *statement) {
	for _, name := range []string{"Principal", "NotPrincipal"} {
		n, ok := s.member(name)
		if !ok {
			continue
		}
		path := s.path + "/" + name
		if n.Kind != jsontree.Object && n.Kind != jsontree.String {
			c.report(n, path, `%s is %s; want "*", or an object such as {"AWS": "111122223333"}`, name, n.Kind)
		}
		for i := range n.Members {
			m := &n.Members[i]
			c.wantStrings(&m.Value, path+"/"+jsontree.Escape(m.Name), clip(m.Name))
		}
	}
}

func (c *checker) conditionTypes(s *statement) {
	n, ok := s.member("Condition")
	if !ok {
		return
	}
	path := s.path + "/Condition"
	if n.Kind != jsontree.Object {
		c.report(n, path, "Condition is %s; want an object: operator, then key, then values", n.Kind)
	}
	for i := range n.Members {
		op := &n.Members[i]
		at := path + "/" + jsontree.Escape(op.Name)
		if op.Value.Kind != jsontree.Object {
			c.report(&op.Value, at, "%s is %s; want an object of condition keys and values", clip(op.Name), op.Value.Kind)
		}
		for j := range op.Value.Members {
			key := &op.Value.Members[j]
			c.wantScalars(&key.Value, at+"/"+jsontree.Escape(key.Name), key.Name)
		}
	}
}

func (c *checker) wantScalars(n *jsontree.Node, path, name string) {
	if n.Kind != jsontree.Array {
		c.wantScalar(n, path, name)
		return
	}
	for i := range n.Elements {
		c.wantScalar(&n.Elements[i], elementPath(path, i), name)
	}
}

func (c *checker) wantScalar(n *jsontree.Node, path, name string) {
	switch n.Kind {
	case jsontree.Null, jsontree.Object, jsontree.Array:
		c.report(n, path, "a value of %s is %s; want a string, a number or a boolean", clip(name), n.Kind)
	}
}
