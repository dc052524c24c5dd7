package serviceref_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy/serviceref"
)

func TestMayLackResourceAccount(t *testing.T) {
	r := serviceref.Embedded()
	require.True(t, r.MayLackResourceAccount("ebs:GetSnapshotBlock"))
	require.True(t, r.MayLackResourceAccount("EC2:copysnapshot"))
	require.False(t, r.MayLackResourceAccount("ec2:RunInstances"))
	require.False(t, r.MayLackResourceAccount("s3:GetObject"))
	require.Zero(t, testing.AllocsPerRun(100, func() { r.MayLackResourceAccount("ec2:CopySnapshot") }))
}

func ExampleReference_MayLackResourceAccount() {
	r := serviceref.Embedded()
	fmt.Println(r.MayLackResourceAccount("ebs:GetSnapshotBlock"), r.MayLackResourceAccount("s3:GetObject"))
	// Output: true false
}
