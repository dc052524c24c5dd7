package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
)

// A file of AWS's service reference. It has no mark of required resource types, and no
// keys for pairs of action and type.
type awsService struct {
	Name    string
	Actions []struct {
		Name                string
		ActionConditionKeys []string
		Annotations         struct {
			Properties struct{ IsList, IsPermissionManagement, IsTaggingOnly, IsWrite bool }
		}
		Resources []struct{ Name string }
	}
	Resources []struct {
		Name          string
		ARNFormats    []string
		ConditionKeys []string
	}
	ConditionKeys []struct {
		Name  string
		Types []string
	}
}

// readAWS replaces services by what the files in dir say. What only iam-data knows, the
// required mark, the keys of pairs and the advisory facts, stays where names agree.
func readAWS(facts *sar.Facts, dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	keys := newKeyring(facts)
	read := 0
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var in awsService
		if err := json.Unmarshal(src, &in); err != nil || in.Name == "" {
			continue // mapping.json and the list of services
		}
		if len(in.Actions) == 0 {
			return fmt.Errorf("%s: no actions", name)
		}
		s, err := in.service(facts, keys)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		i := slices.IndexFunc(facts.Services, func(o sar.Service) bool { return strings.EqualFold(o.Prefix, s.Prefix) })
		if i < 0 {
			facts.Services = append(facts.Services, s)
		} else {
			facts.Services[i] = s
		}
		read++
	}
	if read == 0 {
		return fmt.Errorf("%s: no file of AWS's service reference", dir)
	}
	return nil
}

func (in *awsService) service(facts *sar.Facts, keys *keyring) (sar.Service, error) {
	s := sar.Service{Prefix: in.Name, Name: in.Name}
	var old sar.Service
	if i := slices.IndexFunc(facts.Services, func(o sar.Service) bool { return strings.EqualFold(o.Prefix, in.Name) }); i >= 0 {
		old = facts.Services[i]
		s.Name, s.RCP = old.Name, old.RCP
	}
	s.Keys = slices.Clone(old.Keys)
	for _, k := range in.ConditionKeys {
		if len(k.Types) == 0 {
			return s, fmt.Errorf("condition key %s has no type", k.Name)
		}
		name, err := keys.add(k.Name, k.Types[0])
		if err != nil {
			return s, err
		}
		s.Keys = append(s.Keys, name)
	}
	for _, t := range in.Resources {
		s.Types = append(s.Types, sar.Type{Name: t.Name, ARNs: t.ARNFormats, Keys: normalised(t.ConditionKeys)})
	}
	for _, a := range in.Actions {
		out := sar.Action{Name: a.Name, Keys: normalised(a.ActionConditionKeys)}
		level := "Read"
		switch p := a.Annotations.Properties; {
		case p.IsPermissionManagement:
			level = "Permissions management"
		case p.IsTaggingOnly:
			level = "Tagging"
		case p.IsList:
			level = "List"
		case p.IsWrite:
			level = "Write"
		}
		out.Level, _ = sar.ParseLevel(level)
		was := findAction(old, a.Name)
		out.Advisory, out.Dependents, out.PermissionOnly = was.Advisory, was.Dependents, was.PermissionOnly
		for _, r := range a.Resources {
			ref := sar.Ref{Type: r.Name}
			for _, o := range was.Refs {
				if strings.EqualFold(o.Type, r.Name) {
					ref.Required, ref.Keys = o.Required, o.Keys
				}
			}
			out.AddRef(ref)
		}
		s.Actions = append(s.Actions, out)
	}
	return s, nil
}

func findAction(s sar.Service, name string) sar.Action {
	for _, a := range s.Actions {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return sar.Action{}
}
