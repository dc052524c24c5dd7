package org_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func write(t testing.TB, o *org.Organization, dir string) fstest.MapFS {
	t.Helper()
	require.NoError(t, o.WriteDir(dir))
	return readDir(t, dir)
}

func TestWriteDir(t *testing.T) {
	o := mustNew(t, sample())
	dir := filepath.Join(t.TempDir(), "new", "snapshot")
	files := write(t, o, dir)
	require.Equal(t, []string{
		"accounts/111122223333.json",
		"accounts/111122223333/endpoints/vpce-0a.json",
		"accounts/111122223333/groups/admins/inline/read.json",
		"accounts/111122223333/policies/ReadLogs.json",
		"accounts/111122223333/resources/s3/logs.json",
		"accounts/111122223333/roles/app/inline/read+write=,.@-_.json",
		"accounts/111122223333/roles/app/trust.json",
		"accounts/111122223333/users/ana/inline/ec2.json",
		"accounts/111122223333/users/ana/inline/read.json",
		"accounts/444455556666.json",
		"accounts/999900001111.json",
		"aws-managed-policies/AmazonEC2FullAccess.json",
		"control-policies/p-perimeter.json",
		"control-policies/p-regions.json",
		"org.json",
	}, fileNames(files))
	require.Equal(t, regions.String(), string(files["control-policies/p-regions.json"].Data), "several lines stay as they are")
	require.Equal(t, string(readLogs.Indent())+"\n", string(files["accounts/111122223333/policies/ReadLogs.json"].Data), "one line is indented")
	require.Empty(t, cmp.Diff(strings.TrimPrefix(`
{
  "id": "o-a1b2c3d4e5",
  "managementAccount": "999900001111",
  "root": {
    "id": "r-ab12",
    "policyTypes": [
      "scp",
      "rcp"
    ],
    "attached": [
      "p-FullAWSAccess",
      "p-RCPFullAWSAccess"
    ],
    "ous": [
      {
        "id": "ou-ab12-11111111",
        "name": "Workloads",
        "attached": [
          "p-FullAWSAccess",
          "p-regions",
          "p-secret"
        ],
        "ous": [
          {
            "id": "ou-ab12-33333333",
            "name": "Production",
            "attached": [
              "p-FullAWSAccess"
            ],
            "accounts": [
              "111122223333"
            ]
          }
        ]
      },
      {
        "id": "ou-ab12-22222222",
        "name": "Sandbox",
        "attached": [
          "p-FullAWSAccess"
        ],
        "accounts": [
          "444455556666"
        ]
      }
    ],
    "accounts": [
      "999900001111"
    ]
  },
  "controlPolicies": [
    {
      "id": "p-perimeter",
      "name": "Perimeter",
      "kind": "rcp",
      "document": "control-policies/p-perimeter.json"
    },
    {
      "id": "p-regions",
      "name": "Regions",
      "kind": "scp",
      "document": "control-policies/p-regions.json"
    }
  ],
  "accounts": [
    "accounts/111122223333.json",
    "accounts/444455556666.json",
    "accounts/999900001111.json"
  ],
  "gaps": [
    {
      "subject": "arn:aws:iam::444455556666:*",
      "what": "tags"
    },
    {
      "subject": "p-secret",
      "what": "document",
      "reason": "AccessDenied: organizations:DescribePolicy"
    }
  ],
  "delegatedAdministrators": [
    {
      "account": "444455556666",
      "services": [
        "access-analyzer.amazonaws.com",
        "sso.amazonaws.com"
      ]
    }
  ],
  "trustedServices": [],
  "coverage": [
    {
      "account": "111122223333",
      "section": "iam",
      "state": "complete"
    },
    {
      "account": "111122223333",
      "region": "eu-west-3",
      "section": "sqs",
      "state": "partial",
      "reason": "AccessDenied: sqs:GetQueueAttributes"
    }
  ]
}
`, "\n"), string(files["org.json"].Data)))

	back, err := org.ReadFS(files)
	require.NoError(t, err)
	require.True(t, back.Equal(o))
	require.Empty(t, cmp.Diff(files, write(t, back, t.TempDir())), "the same organization, the same bytes")
	require.Empty(t, cmp.Diff(files, write(t, o, dir)), "twice in one place")
}

func TestWriteDirNames(t *testing.T) {
	lower := policy.Must(policy.Parse([]byte(`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}`)))
	other := policy.Must(policy.Parse(fullEC2.Indent())) // equal, other bytes: the same policy from another source
	a := org.Account{ID: prod}
	for _, name := range []string{
		"arn:aws:s3:::logs", "arn:aws:s3:::Logs", "arn:aws:s3:::logs/", "arn:aws:s3:::../../../etc/passwd", "arn:aws:s3:::.hidden", "arn:aws:s3:::NUL", "arn:aws:s3:::com1.log",
		"arn:aws:s3:::", "arn:aws:s3:::a:b", "arn:aws:s3:::ü \n\x00", "arn:aws:s3:::logs~1",
		"arn:aws:s3:::" + strings.Repeat("x", 500), "arn:aws:s3:::" + strings.Repeat("x", 501),
		"arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:../..:eu-west-1:111122223333:key/1",
	} {
		a.Resources = append(a.Resources, org.Resource{ARN: arn(name), Policy: lower})
	}
	a.Endpoints = []org.Endpoint{{ID: "../../x", Policy: lower}}
	a.Policies = []org.ManagedPolicy{{ARN: ec2Full, Document: fullEC2}, {ARN: arn("arn:aws-cn:iam::aws:policy/AmazonEC2FullAccess"), Document: readLogs}}
	b := org.Account{ID: dev, Policies: []org.ManagedPolicy{{ARN: ec2Full, Document: policy.Must(policy.Parse([]byte("\n" + other.String())))}}}
	o := mustNew(t, org.Spec{Accounts: []org.Account{a, b}})
	dir := t.TempDir()
	files := write(t, o, filepath.Join(dir, "snapshot"))
	seen := map[string]bool{}
	for _, name := range fileNames(files) {
		require.False(t, seen[strings.ToLower(name)], "%s collides where case does not matter", name)
		seen[strings.ToLower(name)] = true
		require.Regexp(t, `^[A-Za-z0-9+=,.@_%~/-]+$`, name)
		require.Less(t, len(filepath.Base(name)), 200)
		require.NotRegexp(t, `(^|/)\.|\.(/|$)`, name)
	}
	require.Len(t, readDir(t, dir), len(files), "nothing outside")
	for _, want := range []string{"logs.json", "nul", "com1"} {
		if want == "logs.json" {
			require.Contains(t, files, "accounts/111122223333/resources/s3/Logs.json")
			require.Contains(t, files, "accounts/111122223333/resources/s3/logs~1.json")
			continue
		}
		require.NotContains(t, files, "accounts/111122223333/resources/s3/"+want+".json")
	}
	require.Contains(t, files, "accounts/111122223333/resources/kms/eu-west-1%3Akey%2F1.json")
	back, err := org.ReadFS(files)
	require.NoError(t, err)
	require.True(t, back.Equal(o))
	require.Empty(t, cmp.Diff(files, write(t, back, t.TempDir())))
}

func TestWriteDirRemovesWhatIsStale(t *testing.T) {
	dir := t.TempDir()
	foreign := []string{
		"identitycenter.json", "notes.txt", "accounts/README.md", "accounts/other.json", "accounts/111122223333/notes.json",
		"accounts/111122223333/roles/app/notes.json", "accounts/111122223333/roles/app/inline/x.txt", "control-policies/sub/x.json",
		".licit-snapshot-file",
	}
	ours := []string{
		"accounts/000000000000.json", "accounts/000000000000/policies/P.json", "accounts/000000000000/resources/s3/logs.json",
		"accounts/111122223333/roles/gone/trust.json", "accounts/111122223333/users/gone/inline/a.json",
		"accounts/111122223333/endpoints/vpce-1.json", "control-policies/p-gone.json", "aws-managed-policies/Gone.json",
		".licit-snapshot-99999/0",
	}
	put := func(names []string) {
		for _, name := range names {
			name = filepath.Join(dir, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
			require.NoError(t, os.WriteFile(name, []byte("{}"), 0o666))
		}
	}
	put(foreign)
	put(ours)
	o := mustNew(t, sample())
	files := write(t, o, dir)
	require.Contains(t, files, "control-policies/p-gone.json", "without an earlier org.json, nothing is of an earlier snapshot")
	put(ours)
	files = write(t, o, dir)
	for _, name := range foreign {
		require.Contains(t, files, name)
		delete(files, name)
	}
	require.Empty(t, cmp.Diff(write(t, o, t.TempDir()), files))
	_, err := os.Stat(filepath.Join(dir, "accounts", "000000000000"))
	require.ErrorIs(t, err, os.ErrNotExist, "empty directories go too")
}

func TestWriteDirStaysInside(t *testing.T) {
	outside := t.TempDir()
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "control-policies")); err != nil {
		t.Skip(err)
	}
	require.Error(t, mustNew(t, sample()).WriteDir(dir))
	require.Empty(t, readDir(t, outside))
	require.NoError(t, os.Remove(filepath.Join(dir, "control-policies")))
	left := readDir(t, dir)
	require.NotContains(t, left, "org.json", "org.json comes last")
	for name := range left {
		require.False(t, strings.HasPrefix(name, ".licit"), "%s is left", name)
	}
}

func TestWriteDirErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	o := mustNew(t, sample())
	require.Error(t, o.WriteDir(file))
	require.Error(t, o.WriteDir(filepath.Join(file, "below")))
}

func TestSnapshotRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		o := drawOrganization(r)
		files := write(t, o, dir) // over the snapshot of the check before
		back, err := org.ReadFS(os.DirFS(dir))
		if err != nil {
			r.Fatalf("reading back: %v", err)
		}
		if !back.Equal(o) {
			r.Fatal(specDiff(o.Spec(), back.Spec()))
		}
		if diff := cmp.Diff(files, write(t, back, dir)); diff != "" {
			r.Fatal(diff)
		}
	})
}

func TestReadFSThroughRoot(t *testing.T) {
	dir := t.TempDir()
	o := mustNew(t, sample())
	require.NoError(t, o.WriteDir(dir))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	back, err := org.ReadFS(root.FS())
	require.NoError(t, err)
	require.True(t, back.Equal(o))
}

// A snapshot that was replaced in part is none: the earlier org.json must not decide with the
// new accounts.
func TestWriteDirInterrupted(t *testing.T) {
	dir := t.TempDir()
	write(t, mustNew(t, sample()), dir)
	s := sample()
	s.Accounts[0].Users, s.Accounts[0].Groups = nil, nil
	s.Root.OUs = append(s.Root.OUs, org.OU{ID: "ou-ab12-99999999", Name: "New"})
	o := mustNew(t, s)
	files := write(t, o, t.TempDir())
	obstacle := filepath.Join(dir, "control-policies", "p-regions.json")
	require.NoError(t, os.Remove(obstacle))
	require.NoError(t, os.MkdirAll(filepath.Join(obstacle, "x"), 0o777))
	require.Error(t, o.WriteDir(dir))
	require.Equal(t, string(files["accounts/111122223333.json"].Data), string(readDir(t, dir)["accounts/111122223333.json"].Data), "an account was replaced")
	_, err := org.ReadFS(os.DirFS(dir))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.RemoveAll(obstacle))
	require.Empty(t, cmp.Diff(files, write(t, o, dir)), "the next one also removes what is stale")
}
