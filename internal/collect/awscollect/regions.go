package awscollect

// regions are those that every account of the partition aws has and cannot turn off
// (Account Management Reference, “Enable or disable AWS Regions”), in their order.
var regions = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

var alwaysOn = func() map[string]bool {
	out := make(map[string]bool)
	for _, r := range regions {
		out[r] = true
	}
	return out
}()
