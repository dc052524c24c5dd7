package identitycenter_test

import (
	"strings"
	"testing"

	"github.com/licit-dev/licit/identitycenter"
)

// TestLengthsOfReferences: IAM takes names of policies of 128 characters, and paths of 512.
func TestLengthsOfReferences(t *testing.T) {
	for _, test := range []struct {
		name, path int
		ok         bool
	}{{128, 512, true}, {129, 512, false}, {128, 513, false}, {1, 2, true}} {
		s := sample()
		s.PermissionSets[0].CustomerManaged[0] = identitycenter.PolicyReference{
			Name: strings.Repeat("n", test.name), Path: "/" + strings.Repeat("p", test.path-2) + "/",
		}
		if _, err := identitycenter.New(s); (err == nil) != test.ok {
			t.Errorf("a name of %d and a path of %d: %v", test.name, test.path, err)
		}
	}
}
