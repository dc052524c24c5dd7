package lint

import (
	"regexp"
	"strings"
)

var trustNeverRules = []rule{
	{
		code: "TRUST_SUBJECT_NEVER_MATCHES", typ: Warning, kinds: trustKind,
		title: "No token of GitHub Actions or GitLab has such a subject.",
		check: func(c *checker) {
			c.eachSubject(func(_ *statement, e *conditionEntry, host string, v value) {
				why := ""
				switch name, _, _ := strings.Cut(host, "/"); {
				case name == gitHubHost:
					why = wrongGitHubSubject(v.text, e.like())
				case strings.Contains(name, "gitlab"):
					why = wrongGitLabSubject(v.text, e.like())
				}
				if why != "" {
					c.report(v.node, v.path, "no token has a subject like %q: %s", clip(v.text), why)
				}
			})
		},
	},
}

// fixedPart is a text up to its first wildcard, if the operator has wildcards.
func fixedPart(text string, like bool) (fixed string, whole bool) {
	if i := strings.IndexAny(text, "*?"); i >= 0 && like {
		return text[:i], false
	}
	return text, true
}

var gitHubRepository = regexp.MustCompile(`^repo:[^/:]+/[^:]+:`)

// wrongGitHubSubject says why no subject is like the text, "" if some may be. A subject is
// made of claims and their values; organizations choose which claims (GitHub documentation,
// “OpenID Connect reference”, “Customizing the subject claims”).
func wrongGitHubSubject(text string, like bool) string {
	fixed, whole := fixedPart(text, like)
	if claim, _, ended := strings.Cut(fixed, ":"); strings.Contains(claim, "/") && (ended || whole) {
		return "a subject begins with a claim, as in repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH"
	}
	head := gitHubRepository.FindString(fixed)
	if head == "" {
		if whole && strings.HasPrefix(text, "repo:") && strings.Count(text, ":") == 1 {
			return "what the token is for follows the repository, as in repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH, unless the owner has changed the form of subjects to one that ends there"
		}
		return ""
	}
	claim, value, ended := strings.Cut(fixed[len(head):], ":")
	switch {
	case strings.Contains(claim, "/") && (ended || whole):
		return "the name of a claim follows the repository, as in " + head + "ref:refs/heads/BRANCH or " + head + "environment:NAME"
	case claim == "ref" && ended && !strings.HasPrefix(value, "refs/") && (whole || !strings.HasPrefix("refs/", value)):
		return "a ref is written in full; write ref:refs/heads/" + value
	}
	return ""
}

// wrongGitLabSubject does the same for GitLab, whose subjects begin with the project's path,
// whatever follows (GitLab documentation, “Projects API”, ci_id_token_sub_claim_components).
// Subjects of people who sign in are numbers.
func wrongGitLabSubject(text string, like bool) string {
	const begins = "project_path:"
	fixed, _ := fixedPart(text, like)
	if strings.HasPrefix(fixed, begins) || strings.HasPrefix(begins, fixed) || !strings.ContainsAny(text, "/:") {
		return ""
	}
	return "a subject begins with project_path:GROUP/PROJECT"
}
