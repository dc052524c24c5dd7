package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
)

// readAWS replaces services by what the files of AWS's service reference in dir say. What
// only iam-data knows stays where names agree.
func readAWS(facts *sar.Facts, dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	actions, keys := make(map[string]bool), make(map[string]bool)
	for _, s := range facts.Services {
		for _, a := range s.Actions {
			actions[strings.ToLower(s.Prefix+":"+a.Name)] = true
		}
	}
	for _, k := range facts.Keys {
		keys[strings.ToLower(k.Name)] = true
	}
	known := sar.Known{
		Action: func(name string) bool { return actions[strings.ToLower(name)] },
		Key:    func(name string) bool { return keys[strings.ToLower(name)] },
	}
	newer := new(sar.Facts)
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if sar.IsIndex(src) {
			continue
		}
		f, err := sar.ParseJSON(src, known)
		if err != nil {
			return fmt.Errorf("%s:%w", name, err)
		}
		newer.Services = append(newer.Services, f.Services...)
		newer.Keys = append(newer.Keys, f.Keys...)
	}
	if len(newer.Services) == 0 {
		return fmt.Errorf("%s: no file of AWS's service reference", dir)
	}
	facts.Overlay(newer)
	return nil
}
