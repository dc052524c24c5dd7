package wording

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy/serviceref"
)

// UnknownKey says what is wrong with the name of a condition key, "" for nothing.
func UnknownKey(facts *serviceref.Reference, name string) string {
	if _, known := facts.Key(name); known || isClaim(name) {
		return ""
	}
	hint := "; a policy that asks for it is not met in AWS, unless the key is newer"
	if similar, ok := facts.SimilarKey(name); ok {
		hint = DidYouMean([]string{similar})
	}
	return fmt.Sprintf("no condition key %s as of %s%s", name, facts.Date(), hint)
}

// isClaim reports whether the key is a claim that every OpenID Connect provider may send, such
// as token.actions.githubusercontent.com:sub (IAM User Guide, “Available keys for AWS OIDC
// federation”).
func isClaim(key string) bool {
	provider, name, _ := strings.Cut(strings.ToLower(key), ":")
	return strings.Contains(provider, ".") && slices.Contains([]string{"amr", "aud", "azp", "email", "oaud", "sub"}, name)
}
