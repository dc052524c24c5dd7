package replay

import (
	"strings"

	"github.com/licit-dev/licit/simulate"
)

// isDenied reports whether an errorCode says that the caller lacks a permission. Services
// spell it in many ways: AccessDenied, AccessDeniedException, Client.UnauthorizedOperation,
// AuthorizationErrorException, ….
func isDenied(code string) bool {
	for _, part := range [...]string{"AccessDenied", "Unauthorized", "AuthorizationError", "NotAuthorized"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return false
}

// refusal takes the action and the words about the policy out of an error message (IAM User
// Guide, “Troubleshoot access denied error messages”): “User: … is not authorized to
// perform: iam:ListUsers on resource: … with an explicit deny in a service control policy”,
// or “… because no identity-based policy allows the iam:ListUsers action”. What a message
// does not say is empty: many services say less.
func refusal(message string) (action, by string) {
	if _, rest, ok := strings.Cut(message, "not authorized to perform: "); ok {
		action = rest[:span(rest, isActionByte)]
	}
	const explicit, implicit = "with an explicit deny in a", "because no "
	if i := strings.Index(message, explicit); i >= 0 {
		rest := message[i:]
		return action, strings.TrimRight(rest[:span(rest, isWordByte)], " ")
	}
	if i := strings.Index(message, implicit); i >= 0 {
		rest := message[i:]
		if end := strings.Index(rest, " allows"); end >= 0 && span(rest, isWordByte) > end {
			return action, rest[:end+len(" allows")]
		}
	}
	return action, ""
}

// span is the length of the beginning of s whose bytes are all in.
func span(s string, in func(byte) bool) int {
	for i := range len(s) {
		if !in(s[i]) {
			return i
		}
	}
	return len(s)
}

func isActionByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':' || c == '-'
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == ' '
}

// layer is the stage of the evaluation that the words of an error message name.
func layer(by string) (stage simulate.Stage, explicit, ok bool) {
	explicit = strings.HasPrefix(by, "with an explicit deny")
	for _, l := range [...]struct {
		words string
		stage simulate.Stage
	}{
		{"service control polic", simulate.StageServiceControl},
		{"resource control polic", simulate.StageResourceControl},
		{"identity-based polic", simulate.StageIdentityPolicy},
		{"resource-based polic", simulate.StageResourcePolicy},
		{"role trust polic", simulate.StageResourcePolicy},
		{"permissions boundary", simulate.StageBoundary},
		{"session polic", simulate.StageSessionPolicy},
		{"VPC endpoint polic", simulate.StageEndpointPolicy},
	} {
		if strings.Contains(by, l.words) {
			return l.stage, explicit, true
		}
	}
	return simulate.StageNone, explicit, false
}
