package lint

// syntaxRules are about text that is no JSON, and elements that the policy language does
// not have (IAM User Guide, “Grammar of the IAM JSON policy language”).
var syntaxRules = []rule{
	{
		code: "JSON_SYNTAX_ERROR", typ: Error, kinds: anyKind, syntax: true,
		title: "The document is not JSON.",
		check: func(c *checker) {
			if c.syntax != nil {
				c.reportSpan(c.syntax.Offset, c.syntax.Offset, c.syntax.Pointer, "%s", c.syntax.Reason)
			}
		},
	},
}
