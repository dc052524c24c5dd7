package awsexport_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

// Whatever a file holds, Read ends with an organization that New takes, or an error.
func FuzzRead(f *testing.F) {
	err := fs.WalkDir(examples.Shop(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			src, err := fs.ReadFile(examples.Shop(), name)
			if err != nil {
				return err
			}
			f.Add(name, src)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("a.jsonl", []byte(`{"service": "s3", "operation": "GetBucketPolicy", "account": "111122223333", "region": "eu-west-3", "input": {"Bucket": "logs"}, "error": {"code": "AccessDenied", "message": "no"}}
{"unit": {"account": "111122223333", "region": "", "section": "iam", "state": "complete", "reason": ""}}`))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		if !fs.ValidPath(name) || name == "." || len(src) > 1<<20 {
			return
		}
		x, err := awsexport.Read(fstest.MapFS{
			"111122223333/get-account-authorization-details.json": {Data: []byte(noUsers)},
			name: {Data: src},
		})
		if err != nil {
			return
		}
		again, err := org.New(x.Organization.Spec())
		if err != nil {
			t.Fatal(err)
		}
		if !again.Equal(x.Organization) {
			t.Fatal("not the same after New")
		}
	})
}
