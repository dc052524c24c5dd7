package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

var trustGitLabRules = []rule{
	{
		code: "TRUST_GITLAB_SUB_GROUP_WILDCARD", typ: SecurityWarning, kinds: trustKind,
		title: "Projects of other groups on GitLab can assume the role.",
		check: func(c *checker) {
			c.eachGitLab(func(e *conditionEntry, v value, project, refType, ref string) {
				if group, _, ok := strings.Cut(project, "/"); e.like() && (!ok || strings.ContainsAny(group, "*?")) && strings.ContainsAny(project, "*?") {
					c.report(v.node, v.path, "%q also matches projects of groups that anybody can create; write the whole group, followed by a slash", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITLAB_SUB_PROJECT_WILDCARD", typ: Warning, kinds: trustKind,
		title: "Several projects of a GitLab group can assume the role.",
		check: func(c *checker) {
			c.eachGitLab(func(e *conditionEntry, v value, project, refType, ref string) {
				if group, name, _ := strings.Cut(project, "/"); e.like() && !strings.ContainsAny(group, "*?") && strings.ContainsAny(name, "*?") {
					c.report(v.node, v.path, "%q lets more than one project assume the role, also those that are yet to come; write project_path:GROUP/PROJECT:ref_type:branch:ref:NAME", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITLAB_SUB_ANY_REF", typ: SecurityWarning, kinds: trustKind,
		title: "Any branch or tag of a GitLab project can assume the role.",
		check: func(c *checker) {
			c.eachGitLab(func(e *conditionEntry, v value, project, refType, ref string) {
				group, _, _ := strings.Cut(project, "/")
				if e.like() && !noRefType(refType) && !strings.ContainsAny(group, "*?") && strings.ContainsAny(v.text, "*?") && strings.Trim(ref, "*") == "" {
					c.report(v.node, v.path, "%q matches every branch or tag, so whoever can push can assume the role; end it with ref_type:branch:ref:NAME", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITLAB_REFTYPE_INVALID", typ: Warning, kinds: trustKind,
		title: "The subject of a GitLab token has a ref_type that does not exist.",
		check: func(c *checker) {
			c.eachGitLab(func(e *conditionEntry, v value, project, refType, ref string) {
				if noRefType(refType) {
					c.report(v.node, v.path, "no token has ref_type:%s, so this never matches; write branch, also for merge requests, or tag", refType)
				}
			})
		},
	},
}

// noRefType reports whether no token has this type.
func noRefType(refType string) bool {
	return refType != "" && refType != "branch" && refType != "tag" && !strings.ContainsAny(refType, "*?")
}

// eachGitLab calls f for each subject of the form
// project_path:GROUP/PROJECT:ref_type:TYPE:ref:NAME that a statement trusts, whatever host
// GitLab has (GitLab documentation, “OpenID Connect (OIDC) authentication using ID tokens”).
func (c *checker) eachGitLab(f func(e *conditionEntry, v value, project, refType, ref string)) {
	c.eachSubject(func(_ *statement, e *conditionEntry, host string, v value) {
		rest, ok := strings.CutPrefix(v.text, "project_path:")
		if !ok {
			// A pattern of wildcards alone at a host of GitLab is every project.
			if !strings.Contains(host, "gitlab") || !glob.Everything(v.text) {
				return
			}
			rest = v.text
		}
		project, rest, _ := strings.Cut(rest, ":")
		refType, ref := "", ""
		if after, ok := strings.CutPrefix(rest, "ref_type:"); ok {
			refType, ref, _ = strings.Cut(after, ":ref:")
		}
		f(e, v, project, refType, ref)
	})
}
