package simulate_test

import (
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// TestNoAction: what no action can be called is never allowed (R-RES-5).
func TestNoAction(t *testing.T) {
	all := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))
	env, err := simulate.CompileCustom(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []policy.Action{"", "s3", ":", "s3:", ":Get", "s3:Get*", "s3:G?t", "s3: Get", "s3 :Get", "s3:Get\t", "s3:Get\n", "s3:Get,", "s3:Get\r"} {
		if d := env.Can(simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: a}); d.Outcome != simulate.Indeterminate {
			t.Errorf("%q is %s, want indeterminate", a, d)
		}
	}
}
