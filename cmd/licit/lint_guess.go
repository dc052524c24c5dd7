package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// kindPhrases are the kinds in sentences.
var kindPhrases = map[policy.Kind]string{
	policy.IdentityBased:       "an identity policy",
	policy.ResourceBased:       "a resource policy",
	policy.RoleTrust:           "a trust policy",
	policy.PermissionsBoundary: "a permissions boundary",
	policy.SessionPolicy:       "a session policy",
	policy.ServiceControl:      "an SCP",
	policy.ResourceControl:     "an RCP",
	policy.VPCEndpoint:         "an endpoint policy",
}

// guessKind says what a document is by its elements.
func guessKind(src []byte) policy.Kind {
	principal, resource, assumes, others := false, false, false, false
	for _, s := range statementsOf(src) {
		for name, v := range s {
			switch name {
			case "Principal", "NotPrincipal":
				principal = true
			case "Resource", "NotResource":
				resource = true
			case "NotAction":
				others = true
			case "Action":
				for _, action := range textsOf(v) {
					switch action = strings.ToLower(action); {
					case strings.HasPrefix(action, "sts:assumerole"):
						assumes = true
					case action != "sts:tagsession" && action != "sts:setsourceidentity": // go with it
						others = true
					}
				}
			}
		}
	}
	switch {
	case !principal:
		return policy.IdentityBased
	case assumes && !others && !resource:
		return policy.RoleTrust
	}
	return policy.ResourceBased
}

// statementsOf are the statements of a document as they are written; those that are no
// objects are nil. A document that is no JSON has none.
func statementsOf(src []byte) []map[string]any {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a finding, but no reason to guess wrong
	var members map[string]json.RawMessage
	var list []any
	if json.Unmarshal(src, &members) != nil {
		return nil
	}
	if json.Unmarshal(members["Statement"], &list) != nil {
		var single any
		if json.Unmarshal(members["Statement"], &single) != nil {
			return nil
		}
		list = []any{single}
	}
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

// textsOf are the strings of a value that is one or a list of them.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// sidOf is the Sid of the statement that a finding is about; "" if it has none.
func sidOf(src []byte, pointer string) string {
	rest, ok := strings.CutPrefix(pointer, "/Statement")
	if !ok {
		return ""
	}
	statements := statementsOf(src)
	index, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	i, err := strconv.Atoi(index)
	if err != nil {
		i = 0 // a single statement, not in a list
	}
	if i < 0 || i >= len(statements) || err != nil && len(statements) != 1 {
		return ""
	}
	sid, _ := statements[i]["Sid"].(string)
	return sid
}
