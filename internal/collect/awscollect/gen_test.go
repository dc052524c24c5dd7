package awscollect_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

// read are the services whose resources a load reads.
var read = []string{"s3", "sqs", "sns", "kms", "lambda", "secretsmanager", "ecr"}

// Load is the inverse of what AWS is: of generated organizations it tells what they are.
func TestLoadOfGeneratedWorlds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		spec := gen.Organization(rt)
		for i := range spec.Accounts {
			a := &spec.Accounts[i]
			// What the model may know and no call that a load makes tells.
			a.Endpoints = nil
			a.Resources = slices.DeleteFunc(a.Resources, func(r org.Resource) bool {
				if r.ARN.Service() == "kms" && r.Policy == nil { // every key has one
					return true
				}
				return !slices.Contains(read, r.ARN.Service()) || strings.Contains(r.ARN.Resource(), "/") && r.ARN.Service() == "s3"
			})
			for j := range a.Resources {
				r := &a.Resources[j]
				r.ABAC = r.ABAC && r.ARN.Service() == "s3"
				r.BlockPublicAccess = r.BlockPublicAccess && r.ARN.Service() == "s3"
			}
			// What AWS always tells.
			a.State, a.PasswordPolicy = "ACTIVE", &org.PasswordPolicy{Default: true}
			a.RootUser = &org.Credentials{Password: &org.Password{}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{}, Certificates: []org.Certificate{}}
		}
		w := fakeaws.World{Organization: spec, Reader: "Reader"}
		s := fakeaws.New(t, w)
		s.PageSize = rapid.IntRange(1, 5).Draw(rt, "page size")
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		o := awscollect.Options{Dir: dir, Role: "Reader", Regions: []string{"eu-west-1"}}.Hasten()
		r, err := awscollect.Load(t.Context(), s.Config(t, spec.ManagementAccount), o)
		require.NoError(rt, err)
		require.Empty(rt, partial(r))
		e, err := awsexport.Read(r.FS)
		require.NoError(rt, err)
		requireWorld(t, w, e)
		if t.Failed() {
			rt.FailNow()
		}
	})
}
