package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// callersOwn are the keys that AWS sets by who calls, and by where its session is from (“AWS global
// condition context keys”, properties of the principal and of a role session); ones that end in a
// star are prefixes.
var callersOwn = []string{
	"AWS:PRINCIPAL*", "AWS:USERNAME", "AWS:USERID", "AWS:MULTIFACTORAUTH*", "AWS:TOKENISSUETIME",
	"AWS:SOURCEIDENTITY", "AWS:FEDERATEDPROVIDER", "AWS:ASSUMEDROOT", "IDENTITYSTORE:*", "KMS:CALLERACCOUNT", "SAML:*",
	"AWS:CHATBOTSOURCEARN", "AWS:EC2INSTANCESOURCE*", "AWS:SIGNINSESSIONARN", "EC2:ROLEDELIVERY", "EC2:SOURCEINSTANCEARN",
	"GLUE:CREDENTIALISSUINGSERVICE", "GLUE:ROLEASSUMEDBY", "LAMBDA:SOURCEFUNCTIONARN", "SSM:SOURCEINSTANCEARN",
}

// isResourcesOwn reports whether a folded key is one that AWS sets by the resource.
func isResourcesOwn(folded string) bool {
	return strings.HasPrefix(folded, "AWS:RESOURCE") || strings.HasPrefix(folded, "S3:BUCKETTAG/")
}

// isCallersOwn reports whether a folded key is one of [callersOwn], or one of an OpenID Connect
// provider, which a host name begins: that of a role session is what its token said.
func isCallersOwn(folded string) bool {
	if provider, _, ok := strings.Cut(folded, ":"); ok && strings.Contains(provider, ".") {
		return true
	}
	for _, name := range callersOwn {
		if prefix, ok := strings.CutSuffix(name, "*"); ok && strings.HasPrefix(folded, prefix) || folded == name {
			return true
		}
	}
	return false
}

// sideMark ends the number of the side that a key belongs to; no key has a colon first.
const sideMark = " side "

// owned is the name of a folded key in the problem: the keys of callers are each side's own
// where the callers differ.
func (c *compiler) owned(folded string) string {
	if c.side == everySide || !c.isOwn(folded) {
		return folded
	}
	return c.mark(folded)
}

// mark makes a name that of the side.
func (c *compiler) mark(name string) string {
	return sideMark + strconv.Itoa(c.side) + " " + name
}

// anyOwned reports whether one of the variables is the caller's own.
func (c *compiler) anyOwned(list []glob.Variable) bool {
	return c.side != everySide && slices.ContainsFunc(list, func(v glob.Variable) bool { return c.isOwn(fold(v.Key)) })
}

// sideOf is the side that a key of the problem belongs to.
func sideOf(name string) int {
	rest, ok := strings.CutPrefix(name, sideMark)
	if !ok {
		return everySide
	}
	number, _, _ := strings.Cut(rest, " ")
	side, err := strconv.Atoi(number)
	if err != nil {
		return everySide
	}
	return side
}
