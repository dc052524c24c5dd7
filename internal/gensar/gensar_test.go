package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/sar"
)

func iamDataFiles() map[string][]byte {
	out := map[string][]byte{}
	for name, text := range map[string]string{
		"services": `["demo"]`, "serviceNames": `{"demo": "Demo"}`, "rcpSupportedServices": `["demo"]`,
		"conditionKeys/demo": `{"demo:tag/<key>": {"key": "demo:Tag/<key>", "type": "ArrayOfString"}}`,
		"resourceTypes/demo": `{"thing": {"key": "thing", "arn": "arn:${Partition}:demo:::a, arn:${Partition}:demo:::b", "conditionKeys": ["demo:Tag/<key>"]}}`,
		"actions/demo": `{"put": {"name": "Put", "accessLevel": "Tagging, Write", "conditionKeys": [], "resourceTypes": [
			{"name": "thing", "required": false, "conditionKeys": [], "dependentActions": ["demo:Put"]}, {"name": "thing", "required": true}]}}`,
	} {
		out["data/"+name+".json"] = []byte(text)
	}
	return out
}

func TestIAMData(t *testing.T) {
	f := &sar.Facts{Date: "2026-09-26"}
	require.NoError(t, iamDataServices(f, iamDataFiles()))
	require.NoError(t, advisory(f, iamDataFiles()))
	want := []sar.Service{{
		Prefix: "demo", Name: "Demo", RCP: true, Keys: []string{"demo:Tag/${TagKey}"},
		Types: []sar.Type{{Name: "thing", ARNs: []string{"arn:${Partition}:demo:::a", "arn:${Partition}:demo:::b"}, Keys: []string{"demo:Tag/${TagKey}"}}},
		Actions: []sar.Action{{
			Name: "Put", Level: uint8(slices.Index(sar.Levels(), "Tagging")), Advisory: true, Dependents: []string{"demo:Put"},
			Refs: []sar.Ref{{Type: "thing", Required: true}},
		}},
	}}
	require.Equal(t, want, f.Services)
	_, err := sar.Encode(f)
	require.NoError(t, err)
	require.ErrorContains(t, floors(f), "only 1 services; there were at least 456")
}

// Each count that falls stops the generator, and so does a jump of those without resource types.
func TestFloors(t *testing.T) {
	enough := func() *sar.Facts {
		f := &sar.Facts{Keys: make([]sar.Key, minKeys), Services: make([]sar.Service, minServices)}
		for i := range minRCP {
			f.Services[i].RCP = true
		}
		s := &f.Services[0]
		s.Types, s.Actions = make([]sar.Type, minTypes), make([]sar.Action, minActions)
		for i := range s.Actions {
			s.Actions[i].Advisory = i < minAdvisory
			s.Actions[i].Refs = make([]sar.Ref, 1)
		}
		return f
	}
	require.NoError(t, floors(enough()))
	for want, less := range map[string]func(f *sar.Facts){
		"services;":             func(f *sar.Facts) { f.Services = f.Services[:minServices-1] },
		"actions;":              func(f *sar.Facts) { f.Services[0].Actions = f.Services[0].Actions[:minActions-1] },
		"resource types;":       func(f *sar.Facts) { f.Services[0].Types = f.Services[0].Types[1:] },
		"condition keys;":       func(f *sar.Facts) { f.Keys = f.Keys[1:] },
		"support RCPs;":         func(f *sar.Facts) { f.Services[0].RCP = false },
		"dependent actions are": func(f *sar.Facts) { f.Services[0].Actions[0].Advisory = false },
		"have no resource types": func(f *sar.Facts) {
			for i := range minActions / 2 {
				f.Services[0].Actions[i].Refs = nil
			}
		},
	} {
		f := enough()
		less(f)
		require.ErrorContains(t, floors(f), want)
	}
}

// The same input gives the same bytes.
func TestReproducible(t *testing.T) {
	var images [][]byte
	for range 3 {
		f := &sar.Facts{Date: "2026-09-26"}
		require.NoError(t, iamDataServices(f, iamDataFiles()))
		require.NoError(t, advisory(f, iamDataFiles()))
		image, err := sar.Encode(f)
		require.NoError(t, err)
		images = append(images, image)
	}
	require.Equal(t, images[0], images[1])
	require.Equal(t, images[0], images[2])
}

// What the generator does not understand stops it.
func TestIAMDataRefused(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"level":     {"actions/demo", `{"put": {"name": "Put", "accessLevel": "Odd"}}`, `demo: action Put has the unknown access level "Odd"`},
		"key type":  {"conditionKeys/demo", `{"k": {"key": "demo:K", "type": "Map"}}`, `condition key demo:K has the unknown type "Map"`},
		"rcp":       {"rcpSupportedServices", `["other"]`, `RCPs apply to "other", which is no service`},
		"type":      {"resourceTypes/demo", `{}`, `demo:Put: nothing declares the resource type "thing"`},
		"key":       {"conditionKeys/demo", `{}`, `demo thing: nothing declares the condition key "demo:Tag/${TagKey}"`},
		"dependent": {"actions/demo", `{"put": {"name": "Put", "accessLevel": "Read", "dependentActions": ["demo:None"]}}`, `demo:Put depends on "demo:None", which is no action`},
	} {
		in := iamDataFiles()
		in["data/"+test.file+".json"] = []byte(test.text)
		f := &sar.Facts{Date: "2026-09-26"}
		err := iamDataServices(f, in)
		if err == nil {
			err = advisory(f, in)
		}
		if err == nil {
			_, err = sar.Encode(f)
		}
		require.ErrorContains(t, err, test.want, name)
	}
}

// AWS's own files replace a service; the required mark and the advisory facts stay.
func TestReadAWS(t *testing.T) {
	f := &sar.Facts{Date: "2026-09-26"}
	require.NoError(t, iamDataServices(f, iamDataFiles()))
	require.NoError(t, advisory(f, iamDataFiles()))
	dir := t.TempDir()
	require.ErrorContains(t, readAWS(f, dir), "no file of AWS's service reference")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mapping.json"), []byte(`{"SDK": {}}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "demo.json"), []byte(`{"Name": "demo", "Version": "v1.4",
		"Actions": [
			{"Name": "Put", "ActionConditionKeys": ["demo:Kind"], "Annotations": {"Properties": {"IsWrite": true}}, "Resources": [{"Name": "thing"}]},
			{"Name": "Grant", "Annotations": {"Properties": {"IsWrite": true, "IsPermissionManagement": true}}}],
		"Resources": [{"Name": "thing", "ARNFormats": ["arn:${Partition}:demo:${Region}:${Account}:thing/${Id}"]}],
		"ConditionKeys": [{"Name": "demo:Kind", "Types": ["String"]}]}`), 0o600))
	require.NoError(t, readAWS(f, dir))
	require.Len(t, f.Services, 1)
	s := f.Services[0]
	require.Equal(t, "Demo", s.Name)
	require.True(t, s.RCP)
	put, grant := s.Actions[0], s.Actions[1]
	require.Equal(t, "Write", sar.Levels()[put.Level])
	require.Equal(t, []sar.Ref{{Type: "thing", Required: true}}, put.Refs)
	require.True(t, put.Advisory)
	require.Equal(t, "Permissions management", sar.Levels()[grant.Level])
	require.False(t, grant.Advisory)
	_, err := sar.Encode(f)
	require.NoError(t, err)
}
