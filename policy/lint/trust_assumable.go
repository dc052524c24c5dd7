package lint

import (
	"slices"
	"strings"
)

// trustAssumableRules are about who can come to have a role, after the classes of
// Cloudsplaining.
var trustAssumableRules = []rule{
	{
		code: "ASSUMABLE_BY_ANY_PRINCIPAL_WITH_CONDITIONS", typ: Suggestion, kinds: trustKind,
		title: "Only conditions keep anyone with an AWS account from assuming the role.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, p := range s.principals() {
					if s.effect() == "Allow" && p.element == "Principal" && p.text == "*" && (p.typ == "AWS" || p.typ == "*") && s.limitsOutsiders() {
						c.report(p.node, p.path, "only the conditions of this statement limit who can assume the role; name the trusted accounts or roles as well")
					}
				}
			}
		},
	},
	{
		code: "ASSUMABLE_BY_COMPUTE_SERVICE", typ: Suggestion, kinds: trustKind,
		title: "Code that runs on a compute service has the role.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for name := range s.serviceNames() {
					service, _, _ := strings.Cut(name, ".")
					if n, ok := s.member("Principal"); ok && s.effect() == "Allow" && slices.Contains(computeServices, service) {
						c.report(n, s.path+"/Principal", "whoever can change or break into code that runs on %s has this role; allow it no more than the code needs", name)
						break
					}
				}
			}
		},
	},
}

// computeServices run code of customers with the credentials of a role.
var computeServices = []string{
	"batch", "codebuild", "ec2", "ecs-tasks", "edgelambda", "elasticmapreduce",
	"emr-serverless", "glue", "lambda", "sagemaker",
}
