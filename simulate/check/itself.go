package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// callersKeys are those that follow from who calls (“AWS global condition context keys”, properties of
// the principal).
var callersKeys = []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:username", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName"}

// itself finds a caller who has all the candidate's keys at once, where documents speak of keys that
// follow from who calls: those that name no principals are in front of many callers. ok is false
// where none of those that are tried shows the difference.
func (c *compiler) itself(k policy.Kind, worlds []*world, x candidate, shows func([]*world, candidate) bool) (as []*world, out candidate, ok bool) {
	spoken := map[string]string{} // as documents write it
	for _, name := range callersKeys {
		if spelled, ok := c.spelled[fold(name)]; ok {
			spoken[name] = spelled
		}
	}
	if k == 0 || len(spoken) == 0 {
		return worlds, x, true
	}
	given := func(name string) string {
		for _, key := range x.keys {
			if fold(key.name) == fold(name) && len(key.values) == 1 {
				return key.values[0]
			}
		}
		return ""
	}
	rest := slices.DeleteFunc(slices.Clone(x.keys), func(key contextKey) bool { return isOneOf(key.name, callersKeys) })
	for _, one := range possibleCallers(k, given) {
		y := x
		y.keys = slices.Clone(rest)
		for _, name := range callersKeys {
			if value := one.keys[name]; value != "" && spoken[name] != "" {
				y.keys = append(y.keys, contextKey{side: everySide, name: spoken[name], values: []string{value}})
			}
		}
		var theirs []*world
		for _, w := range worlds {
			theirs = append(theirs, w.of(one.request))
		}
		if shows(theirs, y) {
			return theirs, y, true
		}
	}
	return worlds, x, false
}

// A possibleCaller is somebody with the keys that follow.
type possibleCaller struct {
	request spec.Request
	keys    map[string]string
}

// possibleCallers are callers that a document of the kind may be in front of: with the ARN of the given
// keys, or of their account and name.
func possibleCallers(k policy.Kind, given func(name string) string) (out []possibleCaller) {
	own, _ := policy.ParseARN(given("aws:PrincipalArn"))
	account := given("aws:PrincipalAccount")
	if !policy.IsAccountID(account) {
		account = cmp.Or(own.AccountID(), exampleAccount)
	}
	iam := "arn:" + cmp.Or(own.Partition(), "aws") + ":iam::" + account + ":"
	texts := []string{own.String(), iam + "user/" + cmp.Or(given("aws:username"), "ana"), iam + "role/example", iam + "root", strings.Replace(iam, ":iam:", ":sts:", 1) + "federated-user/ana"}
	session := "ana"
	if _, name, ok := strings.Cut(given("aws:userid"), ":"); ok {
		session = name
	}
	for _, text := range texts {
		arn, err := policy.ParseARN(text)
		if err != nil || !policy.IsAccountID(arn.AccountID()) {
			continue
		}
		p := policy.PrincipalFromARN(arn)
		r := spec.Request{Principal: p}
		keys := map[string]string{"aws:PrincipalArn": text, "aws:PrincipalAccount": arn.AccountID(), "aws:PrincipalIsAWSService": "false"}
		switch {
		case p.Kind() == policy.User && k != policy.SessionPolicy:
			keys["aws:PrincipalType"], keys["aws:username"] = "User", p.Name()
		case p.Kind() == policy.Role:
			keys["aws:PrincipalType"], r.RoleARN = "AssumedRole", arn
			as, err := policy.ParseARN(sessionARN(arn, p.Name(), session))
			if r.Principal = policy.PrincipalFromARN(as); err != nil || !r.Principal.IsValid() {
				continue
			}
		case p.Kind() == policy.Root && (k == policy.ServiceControl || k == policy.ResourceControl):
			keys["aws:PrincipalType"] = "Account"
		case p.Kind() == policy.FederatedUser:
			keys["aws:PrincipalType"] = "FederatedUser"
			r.IssuingUser = policy.MustParseARN(iam + "user/ana")
		default:
			continue
		}
		out = append(out, possibleCaller{r, keys})
	}
	if k == policy.ResourceControl {
		service := cmp.Or(given("aws:PrincipalServiceName"), "events.amazonaws.com")
		out = append(out, possibleCaller{spec.Request{Principal: policy.ServicePrincipal(service)},
			map[string]string{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": service}})
	}
	return out
}

// of is the world with another caller, whom the policy of the resource names as it did the one before.
func (w *world) of(r spec.Request) *world {
	out := *w
	out.alone = decider{}
	r.ResourceAccount = cmp.Or(r.Principal.AccountID(), w.caller.ResourceAccount)
	out.caller = r
	if r.IssuingUser.IsValid() && out.layers.Session == nil {
		out.layers.Session = []*policy.Document{allowAll} // without it such a session may do nothing
	}
	switch {
	case r.Principal.AccountID() == "":
		out.layers.ResourcePolicy = everybodyGrant
	case w.layers.ResourcePolicy == accountGrant:
		out.layers.ResourcePolicy = grantTo(r.ResourceAccount)
	case w.layers.ResourcePolicy != nil:
		out.layers.ResourcePolicy = grantTo(r.Principal.String())
	}
	return &out
}
