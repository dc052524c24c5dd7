package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
)

const minPolicies = 1_594

type npmPolicy struct {
	ARN      string `json:"arn"`
	Latest   string `json:"latestVersionId"`
	Versions map[string]struct {
		Created  string          `json:"createdDate"`
		Document json.RawMessage `json:"document"`
	} `json:"versions"`
}

// managedPolicies reads the newest version of each managed policy.
func managedPolicies(packages string) ([]byte, error) {
	const name = "dist/managedPolicies.json"
	in, err := files(packages, policies, func(p string) bool { return p == name })
	if err != nil {
		return nil, err
	}
	all, err := decode[map[string]npmPolicy](in, name)
	if err != nil {
		return nil, err
	}
	var list []sar.Policy
	for _, id := range slices.Sorted(maps.Keys(all)) {
		p := all[id]
		v, ok := p.Versions[p.Latest]
		n, err := strconv.Atoi(strings.TrimPrefix(p.Latest, "v"))
		if !ok || err != nil || n != len(p.Versions) && n < highest(p) || len(v.Created) < len("2006-01-02") {
			return nil, fmt.Errorf("%s: version %q is not there, not the newest, or has no date", p.ARN, p.Latest)
		}
		var doc bytes.Buffer
		if err := json.Compact(&doc, v.Document); err != nil {
			return nil, fmt.Errorf("%s: %w", p.ARN, err)
		}
		list = append(list, sar.Policy{ARN: p.ARN, Version: n, Date: v.Created[:len("2006-01-02")], Document: doc.String()})
	}
	fmt.Fprintf(os.Stderr, "%7d managed policies\n", len(list))
	if len(list) < minPolicies {
		return nil, fmt.Errorf("only %d managed policies; there were at least %d", len(list), minPolicies)
	}
	return sar.EncodePolicies(list)
}

func highest(p npmPolicy) int {
	most := 0
	for id := range p.Versions {
		if n, err := strconv.Atoi(strings.TrimPrefix(id, "v")); err == nil {
			most = max(most, n)
		}
	}
	return most
}
