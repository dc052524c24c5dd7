package collect

import "slices"

// regions are in their order.
var regions = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// Regions are those that every account of the partition aws has and cannot turn off
// (Account Management Reference, “Enable or disable AWS Regions”), in their order.
func Regions() []string { return slices.Clone(regions) }

// IsAlwaysOn reports whether a Region is one of [Regions].
func IsAlwaysOn(region string) bool {
	_, found := slices.BinarySearch(regions, region)
	return found
}
