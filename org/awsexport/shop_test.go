package awsexport_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/awsexport"
)

func TestShopDump(t *testing.T) {
	x, err := awsexport.Read(os.DirFS("../../examples/exports/shop"))
	require.NoError(t, err)
	for _, n := range x.Notes {
		t.Log(n)
	}
	for g := range x.Organization.Gaps() {
		t.Log(g)
	}
	for _, u := range x.Organization.Spec().Coverage {
		t.Log(u)
	}
	t.Logf("%+v", x.Instance.Spec())
	t.Logf("%+v", x.Trails)
}
