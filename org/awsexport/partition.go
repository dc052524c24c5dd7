package awsexport

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// partitions are those of which the names of Regions tell (AWS General Reference, “AWS service
// endpoints”): by what they begin with.
var partitions = map[string]string{
	"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
}

// partitionOf is the partition of a Region.
func partitionOf(region string) string {
	for prefix, name := range partitions {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "aws"
}

// partition is that of the ARNs in the export, or else of its Regions.
func (s *state) partition() string { return firstText(s.part, s.regionPart, "aws") }

// partitionIs takes the partition of an ARN. An export is of one: what it does not have is a gap of
// all of a partition.
func (s *state) partitionIs(v value, a policy.ARN) {
	if s.part == "" {
		s.part = a.Partition()
	} else if a.Partition() != s.part {
		s.fail(v, "%s is of partition %s, and others are of %s; want an export for each partition", a, a.Partition(), s.part)
	}
}
