package lint

// deadRules are about statements that do nothing.
var deadRules = []rule{
	{
		code: "DEAD_ALLOW", typ: Suggestion, kinds: anyKind, parsed: true,
		title: "A Deny statement of the same document covers the whole Allow statement.",
		check: func(c *checker) {
			c.checkCovered("Allow", "Deny", "never grants anything: %s denies all that it allows; remove one of them, or narrow the Deny")
		},
	},
	{
		code: "SHADOWED_ALLOW", typ: Suggestion, kinds: anyKind, parsed: true,
		title: "Another Allow statement of the same document already allows all of this one.",
		check: func(c *checker) {
			c.checkCovered("Allow", "Allow", "adds nothing: %s already allows all of it; remove this one, or narrow the other")
		},
	},
	{
		code: "SHADOWED_DENY", typ: Suggestion, kinds: anyKind, parsed: true,
		title: "Another Deny statement of the same document already denies all of this one.",
		check: func(c *checker) {
			c.checkCovered("Deny", "Deny", "adds nothing: %s already denies all of it; remove this one, or narrow the other")
		},
	},
}

// checkCovered reports each statement of one effect that a statement of the other covers:
// the order of statements does not matter (IAM User Guide, “Policy evaluation logic”).
// Statements that cover each other are equal but for their spelling; the later is reported,
// and literal copies are REDUNDANT_STATEMENT.
func (c *checker) checkCovered(effect, by, message string) {
	for _, inner := range c.statements() {
		if inner.effect() != effect {
			continue
		}
		for _, outer := range c.statements() {
			if outer.index == inner.index || outer.effect() != by || !coversStatement(outer.parsed, inner.parsed) {
				continue
			}
			if effect == by && coversStatement(inner.parsed, outer.parsed) && (outer.index > inner.index || sameButSID(inner, outer)) {
				continue
			}
			c.report(inner.node, inner.path, "this "+effect+" statement "+message, outer.path)
			break
		}
	}
}

func sameButSID(a, b *statement) bool {
	x, y := a.parsed, b.parsed
	x.SID, y.SID = "", ""
	return x.Equal(y)
}
