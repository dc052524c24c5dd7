package cloudtrail

import "github.com/licit-dev/licit/policy"

// A Trail is a trail.
type Trail struct{ ARN policy.ARN }
