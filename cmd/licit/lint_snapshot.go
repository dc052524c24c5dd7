package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// snapshot adds the documents of a snapshot, each with the kinds that its places give it.
func (g *gatherer) snapshot(dir string) error {
	if g.l.kind != "" || g.l.resourceType != "" {
		return usageError{g.cmd, fmt.Errorf("%s is a snapshot, which says itself what its policies are attached to; drop --kind and --resource-type", slashed(dir))}
	}
	o, err := readSnapshot(dir)
	if err != nil {
		return err
	}
	s := snapshotDocuments{dir: dir, files: map[string]*sourceFile{}, found: map[place]*target{}}
	s.collect(o.Spec())
	if s.left > 0 && !g.l.quiet {
		g.a.note("%s: %s of AWS left out", printable(slashed(dir)), strings.Replace(plural(s.left, "policy"), "policys", "policies", 1))
	}
	var targets []*target
	for _, t := range s.found {
		if g.first(filepath.Join(t.file.disk, strconv.Itoa(t.base))) {
			slices.Sort(t.kinds)
			t.kinds = slices.Compact(t.kinds)
			targets = append(targets, t)
		}
	}
	slices.SortFunc(targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.file.name, b.file.name), cmp.Compare(a.base, b.base))
	})
	g.targets = append(g.targets, targets...)
	return errors.Join(s.errs...)
}

// A place is where a document stands.
type place struct {
	file   string
	offset int
}

type snapshotDocuments struct {
	dir   string
	files map[string]*sourceFile
	found map[place]*target
	left  int // policies of AWS
	errs  []error
}

func (s *snapshotDocuments) collect(spec org.Spec) {
	for _, p := range spec.ControlPolicies {
		if strings.HasSuffix(p.ID, "FullAWSAccess") {
			s.left++
			continue
		}
		s.add(p.Document, p.Kind, "")
	}
	inline := func(list []org.InlinePolicy) {
		for _, p := range list {
			s.add(p.Document, policy.IdentityBased, "")
		}
	}
	attached, boundaries := map[policy.ARN]bool{}, map[policy.ARN]bool{}
	attach := func(list []policy.ARN, boundary policy.ARN) {
		for _, arn := range list {
			attached[arn] = true
		}
		boundaries[boundary] = true
	}
	for i := range spec.Accounts {
		a := &spec.Accounts[i]
		for j := range a.Users {
			inline(a.Users[j].Inline)
			attach(a.Users[j].Attached, a.Users[j].Boundary)
		}
		for j := range a.Groups {
			inline(a.Groups[j].Inline)
			attach(a.Groups[j].Attached, policy.ARN{})
		}
		for j := range a.Roles {
			s.add(a.Roles[j].Trust, policy.RoleTrust, "")
			inline(a.Roles[j].Inline)
			attach(a.Roles[j].Attached, a.Roles[j].Boundary)
		}
		for j := range a.Resources {
			s.add(a.Resources[j].Policy, policy.ResourceBased, resourceTypeOf(a.Resources[j].ARN))
		}
		for j := range a.Endpoints {
			s.add(a.Endpoints[j].Policy, policy.VPCEndpoint, "")
		}
	}
	ofAWS := map[policy.ARN]bool{}
	for i := range spec.Accounts {
		for _, p := range spec.Accounts[i].Policies {
			if p.ARN.AccountID() == "aws" {
				ofAWS[p.ARN] = true
				continue
			}
			if boundaries[p.ARN] {
				s.add(p.Document, policy.PermissionsBoundary, "")
			}
			if attached[p.ARN] || !boundaries[p.ARN] {
				s.add(p.Document, policy.IdentityBased, "")
			}
		}
	}
	s.left += len(ofAWS)
}

// add adds a document as a kind. One that comes from no file is AWS's.
func (s *snapshotDocuments) add(d *policy.Document, k policy.Kind, resourceType string) {
	if d == nil || d.File() == "" {
		return
	}
	at, _ := d.Position("")
	src := d.Source()
	base := at.Offset - (len(src) - len(bytes.TrimLeft(src, " \t\r\n")))
	key := place{d.File(), base}
	if t := s.found[key]; t != nil {
		t.kinds = append(t.kinds, k)
		if t.resourceType != resourceType {
			t.resourceType = "" // one file, several resources
		}
		return
	}
	f := s.file(d.File())
	if f == nil {
		return
	}
	if base < 0 || base+len(src) > len(f.content) || !bytes.Equal(f.content[base:base+len(src)], src) {
		s.errs = append(s.errs, fmt.Errorf("%s:%s: changed while it was read; try again", f.name, at))
		return
	}
	s.found[key] = &target{file: f, base: base, src: src, kinds: []policy.Kind{k}, resourceType: resourceType}
}

func (s *snapshotDocuments) file(name string) *sourceFile {
	if f, ok := s.files[name]; ok {
		return f
	}
	f := &sourceFile{name: path.Join(slashed(s.dir), name), disk: filepath.Join(s.dir, filepath.FromSlash(name))}
	content, err := os.ReadFile(f.disk)
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", f.name, plainPathError(err)))
		f = nil
	} else {
		f.set(content)
	}
	s.files[name] = f
	return f
}

// resourceTypeOf is what CloudFormation calls a resource with a policy; "" for others.
func resourceTypeOf(a policy.ARN) string {
	kind, _, _ := strings.Cut(a.Resource(), ":")
	kind, _, _ = strings.Cut(kind, "/")
	switch a.Service() {
	case "s3":
		return "AWS::S3::Bucket"
	case "sqs":
		return "AWS::SQS::Queue"
	case "sns":
		return "AWS::SNS::Topic"
	case "secretsmanager":
		return "AWS::SecretsManager::Secret"
	}
	switch a.Service() + ":" + kind {
	case "kms:key":
		return "AWS::KMS::Key"
	case "lambda:function":
		return "AWS::Lambda::Function"
	case "dynamodb:table":
		return "AWS::DynamoDB::Table"
	case "ecr:repository":
		return "AWS::ECR::Repository"
	}
	return ""
}
