package lint

// conditionActionRules are about keys that the actions of their statement do not have
// (Service Authorization Reference).
var conditionActionRules = []rule{
	{
		code: "UNSUPPORTED_ACTION_FOR_CONDITION_KEY", typ: Error, kinds: anyKind,
		title: "A listed action never has the condition key.",
		check: eachCondition(checkActionKey),
	},
	{
		code: "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", typ: SecurityWarning, kinds: anyKind,
		title: "A Deny depends on a tag key that its actions never have.",
		check: eachCondition(checkTagKey("Deny", "%s never has %s, so the statement never denies it; deny it in a statement without the key")),
	},
	{
		code: "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", typ: SecurityWarning, kinds: anyKind,
		title: "A Deny with NotAction depends on a tag key that many services do not have.",
		check: eachCondition(checkTagNotAction("Deny")),
	},
	{
		code: "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", typ: Suggestion, kinds: anyKind,
		title: "An Allow depends on a tag key that its actions never have.",
		check: eachCondition(checkTagKey("Allow", "%s never has %s, so the statement never allows it; allow it in a statement without the key, or remove it")),
	},
	{
		code: "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", typ: Suggestion, kinds: anyKind,
		title: "An Allow with NotAction depends on a tag key that many services do not have.",
		check: eachCondition(checkTagNotAction("Allow")),
	},
}

// sessionKeys are keys with a service's prefix that requests for any action can have,
// because they come from the credentials (IAM User Guide, “AWS global condition context
// keys”, and the services' pages on the credentials that they issue).
var sessionKeys = []string{
	"codebuild:BuildArn", "codebuild:ProjectArn", "ec2:RoleDelivery", "ec2:SourceInstanceArn",
	"glue:CredentialIssuingService", "glue:RoleAssumedBy", "identitystore:UserId",
	"lambda:SourceFunctionArn", "ssm:SourceInstanceArn",
}

// checkActionKey looks at actions without wildcards only: a pattern may well name actions
// that the condition leaves out.
func checkActionKey(s *statement, e *conditionEntry) {
	if !e.known || e.service() == "aws" || !e.needsKey() || isOneOf(e, sessionKeys) {
		return
	}
	for v, a := range s.plainActions() {
		if !a.HasKey(e.key) && s.c.belongs(e) {
			s.c.report(v.node, v.path, "%s never has the condition key %s, so the statement never applies to it; put it in a statement without the key", v.text, e.key)
		}
	}
}

// belongs reports whether some action of the key's service has the key. Claims of identity
// providers belong to none, and of a few services the reference lists keys without saying
// which actions have them. AWS Marketplace's keys work for more actions than it says (AWS
// Marketplace Buyer Guide, “Controlling access to subscriptions”, for ProductId).
func (c *checker) belongs(e *conditionEntry) bool {
	_, supported := c.keySupport(e.service()+":*", e.key)
	return supported && e.service() != "aws-marketplace"
}

// isTagKey reports whether the entry's key is one of the global keys about tags.
func (e *conditionEntry) isTagKey() bool {
	return e.is("aws:ResourceTag/") || e.is("aws:RequestTag/") || e.is("aws:TagKeys")
}

func checkTagKey(effect, message string) func(*statement, *conditionEntry) {
	return func(s *statement, e *conditionEntry) {
		if s.effect() != effect || !e.isTagKey() || !e.needsKey() {
			return
		}
		for _, v := range s.values("Action") {
			if known, supported := s.c.keySupport(v.text, e.key); known && !supported {
				s.c.report(v.node, v.path, message, clip(v.text), clip(e.key))
			}
		}
	}
}

// keySupport reports whether a pattern names actions, and whether one of them has the key.
func (c *checker) keySupport(pattern, key string) (known, supported bool) {
	for name := range c.ref.Actions(pattern) {
		known = true
		if a, ok := c.ref.Action(name); ok && a.HasKey(key) {
			return true, true
		}
	}
	return known, false
}

func checkTagNotAction(effect string) func(*statement, *conditionEntry) {
	return func(s *statement, e *conditionEntry) {
		n, ok := s.member("NotAction")
		if !ok || s.effect() != effect || !e.isTagKey() {
			return
		}
		switch {
		case e.needsKey() && effect == "Deny":
			s.c.report(n, s.path+"/NotAction", "services that do not have %s are never denied; list the actions to be denied in Action, and deny others without the key", e.key)
		case e.needsKey():
			s.c.report(n, s.path+"/NotAction", "only actions that have %s are allowed; list in Action those that are meant", e.key)
		case negated(e.parts) && e.holdsWithoutKey() && effect == "Deny":
			s.c.report(n, s.path+"/NotAction", "services that do not have %s are always denied; list the actions to be denied in Action", e.key)
		}
	}
}
