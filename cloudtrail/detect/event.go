package detect

import (
	"net/netip"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// An event is one of CloudTrail, and what all rules ask of it.
type event struct {
	*cloudtrail.Event
	principal string     // ARN, if there is one: of a session, the role
	person    string     // empty: it cannot be traced to one
	kind      string     // of who it is: see attribution.go
	addr      netip.Addr // not valid: a service, or not public
	program   program
	duty      string // the break-glass principal that it is a use of; empty: none
}

// A program is what a user agent says.
type program struct {
	name  string   // and operating system, without versions
	hints []string // see KeyUse
}

// principalOf names who called, the role of a session.
func principalOf(e *cloudtrail.Event) string {
	i := &e.Identity
	switch i.Type {
	case "IAMUser":
		// A sign-in that failed has the name of the user only; that of nobody is hidden.
		if i.ARN == "" && i.UserName != "" && i.UserName != cloudtrail.Hidden && i.AccountID != "" {
			return "arn:" + partition(e.Region) + ":iam::" + i.AccountID + ":user/" + i.UserName
		}
	case "AssumedRole", "FederatedUser":
		if i.Issuer.ARN != "" {
			return i.Issuer.ARN
		}
		if role := roleOfSession(i.ARN); role != "" {
			return role
		}
	case "AWSService":
		return i.InvokedBy
	case "SAMLUser", "WebIdentityUser":
		return strings.Trim(i.IdentityProvider+" "+i.UserName, " ")
	case "IdentityCenterUser":
		return i.OnBehalfOf.UserID
	}
	switch {
	case i.ARN != "":
		return i.ARN
	case i.AccountID != "" || i.PrincipalID != "":
		return strings.Trim(i.AccountID+" "+i.PrincipalID, " ")
	}
	return i.Type
}

// roleOfSession is the ARN of the role of a session, without its path, which that of a session
// does not have; empty if it is none of a role.
func roleOfSession(session string) string {
	a, err := policy.ParseARN(session)
	if err != nil || a.Service() != "sts" {
		return ""
	}
	rest, ok := strings.CutPrefix(a.Resource(), "assumed-role/")
	name, _, named := strings.Cut(rest, "/")
	if !ok || !named || name == "" {
		return ""
	}
	return "arn:" + a.Partition() + ":iam::" + a.AccountID() + ":role/" + name
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// address is where a call came from. CloudTrail User Guide, “CloudTrail record contents”:
// sourceIPAddress is the name of a service if that called, and behind a VPC endpoint the
// address is one inside of the VPC.
func address(e *cloudtrail.Event) netip.Addr {
	if e.VPCEndpoint != "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(e.SourceIP)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// isLongTerm reports whether the ID is one of a long-term access key (IAM User Guide, “IAM
// identifiers”).
func isLongTerm(key string) bool { return strings.HasPrefix(key, "AKIA") }

// agent is the program that a user agent names, and its operating system, without versions
// and commands, which change from call to call.
func agent(userAgent string) string {
	ua := strings.Trim(userAgent, "[]\" ")
	product := ua
	if end := strings.IndexAny(ua, "/ ;("); end > 0 {
		product = ua[:end]
	}
	lower := strings.ToLower(ua)
	for _, os := range []string{"windows", "macos", "darwin", "macintosh", "linux"} {
		if strings.Contains(lower, os) {
			if os == "darwin" || os == "macintosh" {
				os = "macos"
			}
			return product + " " + os
		}
	}
	return product
}

// texts are the texts at a place in a JSON value: names of members; through arrays.
func texts(v jsontext.Value, names ...string) []string {
	if len(v) == 0 {
		return nil
	}
	root, err := jsontree.Parse(v)
	if err != nil {
		return nil
	}
	var out []string
	var walk func(n *jsontree.Node, names []string)
	walk = func(n *jsontree.Node, names []string) {
		if n.Kind == jsontree.Array {
			for i := range n.Elements {
				walk(&n.Elements[i], names)
			}
			return
		}
		if len(names) == 0 {
			if n.Kind == jsontree.String || n.Kind == jsontree.Bool {
				out = append(out, n.Text)
			}
			return
		}
		if m, ok := n.Member(names[0]); ok {
			walk(m, names[1:])
		}
	}
	walk(root, names)
	return out
}

// text is the first of texts.
func text(v jsontext.Value, names ...string) string {
	if list := texts(v, names...); len(list) > 0 {
		return list[0]
	}
	return ""
}
