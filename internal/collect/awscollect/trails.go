package awscollect

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// trailsSection is the trails whose home is the Region. An organization's trail is seen in
// all of its accounts; its status is its own account's to tell.
var trailsSection = &section{
	name: "trails", scope: ofRegion, width: 2, read: readTrails,
	operations: calls("cloudtrail", "DescribeTrails", "GetTrailStatus", "GetEventSelectors"),
}

func readTrails(ctx context.Context, r *reader) error {
	c := cloudtrail.NewFromConfig(r.cfg)
	out, err := c.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	if err != nil {
		return known(err)
	}
	var own []*string
	for _, t := range out.TrailList {
		if part := strings.Split(aws.ToString(t.TrailARN), ":"); len(part) > 4 && part[4] == r.account {
			own = append(own, t.TrailARN)
		}
	}
	return r.each(ctx, len(own), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: own[i]})
				return err
			},
			func() error {
				_, err := c.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: own[i]})
				return err
			},
		)
	})
}
