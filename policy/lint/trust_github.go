package lint

import (
	"regexp"
	"slices"
	"strings"
)

// gitHubHost is the issuer of GitHub Actions; enterprises may have a path of their own
// below it (GitHub documentation, “OpenID Connect in Amazon Web Services”).
const gitHubHost = "token.actions.githubusercontent.com"

var trustGitHubRules = []rule{
	{
		code: "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", typ: Warning, kinds: trustKind,
		title: "The subject of a GitHub token has a wildcard.",
		check: func(c *checker) {
			c.eachGitHub(func(e *conditionEntry, v value, sub gitHubSubject) {
				repo, ref := sub.owner == wild || sub.repo == wild || sub.partly, sub.ref == wild || sub.partly
				if e.like() && (repo && !sub.repoPinned || ref && !sub.refPinned) {
					c.report(v.node, v.path, "%q lets more than one repository or branch assume the role; write repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH or …:environment:NAME", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITHUB_SUB_OWNER_WILDCARD", typ: SecurityWarning, kinds: trustKind,
		title: "Repositories of other owners on GitHub can assume the role.",
		check: func(c *checker) {
			c.eachGitHub(func(e *conditionEntry, v value, sub gitHubSubject) {
				if e.like() && sub.owner == wild && !sub.ownerPinned {
					c.report(v.node, v.path, "%q also matches repositories of owners that anybody can register; write the whole owner, followed by a slash", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITHUB_SUB_ANY_REF", typ: SecurityWarning, kinds: trustKind,
		title: "Any branch, environment or pull request of a repository can assume the role.",
		check: func(c *checker) {
			c.eachGitHub(func(e *conditionEntry, v value, sub gitHubSubject) {
				if e.like() && sub.owner != wild && sub.ref == wild && !sub.refPinned {
					c.report(v.node, v.path, "%q matches every branch or environment, so whoever can push can assume the role; name the branch or the environment", v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITHUB_SUB_PULL_REQUEST", typ: SecurityWarning, kinds: trustKind,
		title: "Pull requests can assume the role.",
		check: func(c *checker) {
			c.eachGitHub(func(e *conditionEntry, v value, sub gitHubSubject) {
				if sub.ref == "pull_request" {
					c.report(v.node, v.path, "code of a pull request that nobody has reviewed can assume the role; name a protected branch or an environment")
				}
			})
		},
	},
	{
		code: "TRUST_GITHUB_STRINGEQUALS_WILDCARD", typ: Warning, kinds: trustKind,
		title: "A wildcard in the subject is compared literally.",
		check: func(c *checker) {
			c.eachGitHub(func(e *conditionEntry, v value, _ gitHubSubject) {
				if !e.like() && strings.ContainsAny(v.text, "*?") {
					c.report(v.node, v.path, "%s takes %q literally, so no token matches; write the subject without a wildcard, or use StringLike", e.parts.Base, v.text)
				}
			})
		},
	},
	{
		code: "TRUST_GITHUB_NAME_REUSE", typ: Suggestion, kinds: trustKind,
		title: "A GitHub repository is known by its name only, which another may take over.",
		check: (*checker).checkGitHubNames,
	},
}

// wild is a part of a subject that may be anything.
const wild = "*"

// A gitHubSubject is the subject of a GitHub Actions token as a pattern:
// repo:OWNER/REPO:ref:refs/heads/BRANCH, …:environment:NAME or …:pull_request.
type gitHubSubject struct {
	owner, repo, ref string // wild if it may be anything
	partly           bool   // a wildcard stands somewhere else
	// Other conditions of the statement say which.
	ownerPinned, repoPinned, refPinned bool
}

// parseGitHubSubject reads a pattern; ok is false for subjects that an organization has
// given another form.
func parseGitHubSubject(s string) (sub gitHubSubject, ok bool) {
	sub = gitHubSubject{owner: wild, repo: wild, ref: wild}
	fixed := s
	if i := strings.IndexAny(s, "*?"); i >= 0 {
		fixed = s[:i]
	}
	if strings.HasPrefix("repo:", fixed) && fixed != s {
		return sub, true // the wildcard stands before the owner
	}
	rest, ok := strings.CutPrefix(s, "repo:")
	if !ok {
		return gitHubSubject{}, false
	}
	owner, rest, ok := strings.Cut(rest, "/")
	if !ok || strings.ContainsAny(owner, "*?") {
		return sub, strings.ContainsAny(owner, "*?")
	}
	repo, ref, _ := strings.Cut(rest, ":")
	sub.owner, sub.repo, sub.ref = owner, repo, ref
	if strings.ContainsAny(repo, "*?") {
		sub.partly = true
		if strings.Trim(repo, "*?") == "" {
			sub.repo = wild
		}
		if ref == "" {
			sub.ref = wild
		}
	}
	if anyRef(ref) {
		sub.ref = wild
	}
	sub.partly = sub.partly || strings.ContainsAny(ref, "*?")
	return sub, true
}

// anyRef reports whether nothing after the kind of ref is fixed.
func anyRef(ref string) bool {
	if !strings.ContainsAny(ref, "*?") {
		return false
	}
	fixed := ref[:strings.IndexAny(ref, "*?")]
	for _, kind := range []string{"ref:refs/heads/", "environment:"} {
		if strings.HasPrefix(kind, fixed) && strings.Trim(ref[len(fixed):], "*?") == "" {
			return true
		}
	}
	return false
}

// eachGitHub calls f for each subject of GitHub that a statement trusts.
func (c *checker) eachGitHub(f func(e *conditionEntry, v value, sub gitHubSubject)) {
	var last *conditionEntry
	var owner, repo, ref bool // of the last one
	c.eachSubject(func(s *statement, e *conditionEntry, host string, v value) {
		if host != gitHubHost && !strings.HasPrefix(host, gitHubHost+"/") {
			return
		}
		if sub, ok := parseGitHubSubject(v.text); ok {
			if e != last {
				last = e
				owner = s.pins(e, host, "sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")
				repo = s.pins(e, host, "sub", "repository", "repository_id", "job_workflow_ref")
				ref = s.pins(e, host, "sub", "ref", "environment", "job_workflow_ref")
			}
			sub.ownerPinned, sub.repoPinned, sub.refPinned = owner, repo, ref
			f(e, v, sub)
		}
	})
}

// checkGitHubNames: a name may be registered again after its owner has given it up; the
// identifiers of repository and owner are never reused.
func (c *checker) checkGitHubNames() {
	c.eachToken(func(s *statement, hosts []string) {
		if s.keepsOut(callerKinds{hosts: hosts}) {
			return
		}
		for _, h := range hosts {
			if h != gitHubHost || s.has(h+":repository_id", h+":repository_owner_id") {
				continue
			}
			for e := range s.conditionsOn(h + ":sub") {
				if !slices.ContainsFunc(e.values(), func(v value) bool { return namesGitHub(v.text) }) {
					continue
				}
				c.reportName(e.keyNode, e.path, "a subject names owner and repository, and names can be taken over; write their IDs, as in repo:OWNER@ID/REPOSITORY@ID:…, or add %s:repository_owner_id or %[1]s:repository_id", h)
			}
		}
	})
}

// gitHubID is an identifier of an owner or repository in a subject: behind a name, as in
// repo:acme@123456/app@456789:…, or as a claim of its own.
var gitHubID = regexp.MustCompile(`^repo:[^/@:*?]+@[0-9]+/|(^|:)(repository_owner_id|repository_id):[0-9]+(:|$)`)

// namesGitHub reports whether a subject knows its repository by a name alone (GitHub
// documentation, “OpenID Connect”, “Immutable subject claims”).
func namesGitHub(subject string) bool {
	return (strings.HasPrefix(subject, "repo:") || strings.Contains(subject, "repository")) && !gitHubID.MatchString(subject)
}
