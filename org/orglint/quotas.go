package orglint

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// Quotas (IAM User Guide, “IAM and AWS STS quotas”, and IAM Identity Center User Guide,
// “Quotas”). Sizes are in characters without white space.
const (
	managedPerHolder        = 10 // without a raised quota
	managedPerPermissionSet = 20 // whatever the quota
	longestPath             = 512
	longestPolicyName       = 128
	longestSession          = 64
	shortestSession         = 2
)

// quotaRules are about numbers, sizes and names.
var quotaRules = []rule{
	{
		code: "PERMSET_MANAGED_COUNT", typ: lint.Warning,
		title: "The role of a permission set has more managed policies than an account takes without a raised quota.",
		check: func(w *world) {
			w.eachHolder(func(h holder) {
				if n := len(h.managed); h.permissionSet() && n > managedPerHolder {
					w.report(h.arn.String(), "%d managed policies are attached to %s, the role of a permission set, which has at most %d; an account takes %d without a raised quota", n, title(h.arn), managedPerPermissionSet, managedPerHolder)
				}
			})
		},
	},
	{
		code: "MANAGED_POLICY_COUNT", typ: lint.Warning,
		title: "A user, group or role has more managed policies than an account takes without a raised quota.",
		check: func(w *world) {
			w.eachHolder(func(h holder) {
				if n := len(h.managed); !h.permissionSet() && n > managedPerHolder {
					w.report(h.arn.String(), "%d managed policies are attached to %s, and an account takes %d without a raised quota; merge some of them", n, title(h.arn), managedPerHolder)
				}
			})
		},
	},
	{
		code: "POLICY_SIZE_EXCEEDS_INLINE_QUOTA", typ: lint.Error,
		title: "The inline policies of a user, group or role are together larger than IAM stores.",
		check: checkInline,
	},
	{
		code: "IAM_NAME_INVALID", typ: lint.Error,
		title: "The name of a user, group, role or policy is longer than IAM takes, or has other characters.",
		check: checkNames,
	},
	{
		code: "IAM_PATH_INVALID", typ: lint.Error,
		title: "The path of a user, group, role or policy is longer than IAM takes, or has other characters.",
		check: checkPaths,
	},
	{
		code: "ROLE_SESSION_NAME_INVALID", typ: lint.Warning, kinds: conditionsKinds,
		title: "No role session can have the name that a principal or condition asks for.",
		check: checkSessions,
	},
}

// A holder is a user, group or role.
type holder struct {
	arn     policy.ARN
	managed []policy.ARN
	inline  []org.InlinePolicy
	limits
}

// title is how messages name a user, group, role or managed policy.
func title(a policy.ARN) string {
	what, rest, _ := strings.Cut(a.Resource(), "/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	if len(name) > 80 {
		name = name[:80] + "…"
	}
	return what + " " + strconv.Quote(name) + " of account " + a.AccountID()
}

// limits are what a kind of holder may have.
type limits struct{ name, inlineSize int }

var (
	userLimits  = limits{64, 2048}
	groupLimits = limits{128, 5120}
	roleLimits  = limits{64, 10240}
)

// permissionSet reports whether IAM Identity Center made the role (IAM Identity Center
// User Guide, “Referencing permission sets in resource policies”).
func (h holder) permissionSet() bool {
	return strings.HasPrefix(h.arn.Resource(), "role/aws-reserved/sso.amazonaws.com/") && strings.Contains(h.arn.Resource(), "/AWSReservedSSO_")
}

func (w *world) eachHolder(f func(holder)) {
	for i := range w.spec.Accounts {
		a := &w.spec.Accounts[i]
		for j := range a.Users {
			u := &a.Users[j]
			f(holder{u.ARN, u.Attached, u.Inline, userLimits})
		}
		for j := range a.Groups {
			g := &a.Groups[j]
			f(holder{g.ARN, g.Attached, g.Inline, groupLimits})
		}
		for j := range a.Roles {
			r := &a.Roles[j]
			f(holder{r.ARN, r.Attached, r.Inline, roleLimits})
		}
	}
}

func checkInline(w *world) {
	sizes := map[*policy.Document]int{}
	w.eachHolder(func(h holder) {
		sum := 0
		for _, p := range h.inline {
			if p.Document == nil {
				continue
			}
			if _, ok := sizes[p.Document]; !ok {
				sizes[p.Document] = p.Document.Size(policy.IdentityBased)
			}
			sum += sizes[p.Document]
		}
		if sum > h.inlineSize {
			w.report(h.arn.String(), "the inline policies of %s have together %d characters without white space, and IAM stores %d; move some of them to managed policies", title(h.arn), sum, h.inlineSize)
		}
	})
}

// nameCharacters are those of IAM names besides letters and digits.
const nameCharacters = "+=,.@_-"

// outside is the first character of a text that is no ASCII letter or digit and none of
// the others; "" if there is none.
func outside(text, others string) string {
	for _, r := range text {
		if !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || strings.ContainsRune(others, r)) {
			return string(r)
		}
	}
	return ""
}

func quotedCharacter(c string) string {
	if c == "" {
		return ""
	}
	return ", " + strconv.Quote(c) + " among them"
}

// eachNamed calls f with every user, group, role and customer managed policy, its path and
// its name.
func (w *world) eachNamed(f func(a policy.ARN, path, name string, longest int)) {
	call := func(a policy.ARN, longest int) {
		_, rest, _ := strings.Cut(a.Resource(), "/")
		i := strings.LastIndexByte(rest, '/') + 1
		f(a, "/"+rest[:i], rest[i:], longest)
	}
	w.eachHolder(func(h holder) { call(h.arn, h.name) })
	for i := range w.spec.Accounts {
		for _, p := range w.spec.Accounts[i].Policies {
			if p.ARN.AccountID() != "aws" {
				call(p.ARN, longestPolicyName)
			}
		}
	}
}

func checkNames(w *world) {
	w.eachNamed(func(a policy.ARN, _, name string, longest int) {
		n := utf8.RuneCountInString(name)
		if bad := outside(name, nameCharacters); n > longest || bad != "" {
			w.report(a.String(), "the name of %s has %s%s; want at most %d letters, digits and characters of +=,.@_-", title(a), plural(n, "character"), quotedCharacter(bad), longest)
		}
	})
}

func checkPaths(w *world) {
	w.eachNamed(func(a policy.ARN, path, _ string, _ int) {
		n := utf8.RuneCountInString(path)
		bad := strings.IndexFunc(path, func(r rune) bool { return r < '!' || r > 0x7F })
		if n > longestPath || bad >= 0 {
			w.report(a.String(), "the path of %s has %s; want at most %d from ! to DEL of ASCII", title(a), plural(n, "character"), longestPath)
		}
	})
}

// A conditionValue is one value of a condition that a key must equal.
type conditionValue struct {
	w       *world
	e       *entry
	pointer string
	text    string
}

func (v conditionValue) report(format string, args ...any) {
	v.w.reportAt(v.e, v.e.Kinds[0], v.e.Subjects[0], v.pointer, format, args...)
}

// eachValue calls f with the values without wildcards and variables that a key is compared
// with.
func (w *world) eachValue(key string, f func(conditionValue)) {
	for _, e := range w.documents {
		for i, s := range e.doc.Statements() {
			for c := range s.Condition.All() {
				p, ok := c.Operator.Parts()
				if !ok || !isKey(c, key) || !strings.HasPrefix(p.Base, "String") {
					continue
				}
				like := p.Base == "StringLike" || p.Base == "StringNotLike"
				for j := range c.Values.Len() {
					text := c.Values.At(j)
					if strings.Contains(text, "${") || like && strings.ContainsAny(text, "*?") {
						continue
					}
					f(conditionValue{w, e, at(i, "Condition", string(c.Operator), c.Key, strconv.Itoa(j)), text})
				}
			}
		}
	}
}

// checkSessions: STS takes session names of 2 to 64 characters (STS API Reference,
// “AssumeRole”).
func checkSessions(w *world) {
	wrong := func(name string) (string, bool) {
		n, bad := utf8.RuneCountInString(name), outside(name, nameCharacters)
		return plural(n, "character") + quotedCharacter(bad), n < shortestSession || n > longestSession || bad != ""
	}
	const want = "no role session can have the name %q, which has %s; want %d to %d letters, digits and characters of +=,.@_-"
	w.eachValue("sts:RoleSessionName", func(v conditionValue) {
		if what, is := wrong(v.text); is {
			v.report(want, v.text, what, shortestSession, longestSession)
		}
	})
	w.eachPrincipal(principalKinds, func(p principal) {
		a, err := policy.ParseARN(p.text)
		if err != nil || strings.ContainsAny(p.text, "*?$") {
			return
		}
		caller := policy.PrincipalFromARN(a)
		if what, is := wrong(caller.SessionName()); is && caller.Kind() == policy.RoleSession {
			p.report(want, caller.SessionName(), what, shortestSession, longestSession)
		}
	})
}
