package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

const keyResourceAccount = "aws:ResourceAccount"

// ofResourceAccount narrows a case, where documents speak of aws:ResourceAccount, to requests in
// which it agrees with the resource: an ARN with an account is of a resource of that account
// (IAM User Guide, “Amazon Resource Names (ARNs)”), and the key, where AWS sends it, is the account
// that owns the resource (“AWS global condition context keys”). An ARN without one, such as
// that of a bucket, says nothing.
func (one *callerCase) ofResourceAccount(documents []*policy.Document) {
	if one.agrees = slices.ContainsFunc(documents, speaksOfAccounts); !one.agrees {
		return
	}
	var accounts, theirs []string
	for _, d := range documents {
		if d != nil {
			accounts = with(accounts, accountIDs(d.String())...)
		}
	}
	if len(accounts) == 0 {
		return
	}
	for _, a := range accounts {
		theirs = append(theirs, "*:*:*:*:"+a+":*")
	}
	sides := one.sides
	one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
		out, require, err := sides(c)
		if err != nil {
			return out, require, err
		}
		key := c.key(keyResourceAccount)
		key.Like(accounts...)
		for i, side := range out {
			if i > 0 && len(out) < 3 { // of several, each may be the side that holds
				break
			}
			b := &sideBuilder{compiler: c, Side: side}
			not := b.on(nil, theirs)
			not.NotResource = true
			list := []symbolic.Statement{not}
			for i, a := range accounts {
				own := b.on(nil, theirs[i:i+1])
				own.When = key.Only(texts(a))
				list = append(list, own)
			}
			// Of an account that the documents do not write, the key is another one, too.
			bare := b.on(nil, []string{"*:*:*:*:????????????:*"})
			bare.NotResource = true
			named, others, grant := b.layer(list...), b.layer(b.on(nil, theirs), bare, symbolic.Statement{When: key.Only(notTexts(accounts...))}), b.Grant
			b.Grant = func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(all(l, named, others), grant(l)) }
			err = cmp.Or(err, b.err)
		}
		return out, require, err
	}
}

// speaksOfAccounts reports whether a document may have the key, or a variable of it.
func speaksOfAccounts(d *policy.Document) bool {
	if d == nil {
		return false
	}
	variable := func(list policy.Patterns) bool {
		for value := range list.All() {
			if strings.Contains(value, "${") && strings.Contains(fold(value), fold(keyResourceAccount)) {
				return true
			}
		}
		return false
	}
	for _, s := range d.Statements() {
		if variable(s.Resource) || variable(s.NotResource) {
			return true
		}
		for condition := range s.Condition.All() {
			if fold(condition.Key) == fold(keyResourceAccount) || variable(condition.Values) {
				return true
			}
		}
	}
	return false
}

// agreeingKeys are the keys, with the account of the resource's ARN as aws:ResourceAccount if it is
// there.
func agreeingKeys(keys []contextKey, resource string) []contextKey {
	arn, err := policy.ParseARN(resource)
	if err != nil || !policy.IsAccountID(arn.AccountID()) {
		return keys
	}
	out := slices.Clone(keys)
	for i := range out {
		if fold(out[i].name) == fold(keyResourceAccount) {
			out[i].values, out[i].many = []string{arn.AccountID()}, false
		}
	}
	return out
}
