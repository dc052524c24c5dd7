package fakeaws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	model "github.com/licit-dev/licit/cloudtrail"
)

func registerCloudTrail(s *Server) {
	handle(s, "cloudtrail", "DescribeTrails", describeTrails)
	handle(s, "cloudtrail", "GetTrailStatus", getTrailStatus)
	handle(s, "cloudtrail", "GetEventSelectors", getEventSelectors)
	handle(s, "cloudtrail", "LookupEvents", lookupEvents)
}

func trailName(t model.Trail) string { return strings.TrimPrefix(t.ARN.Resource(), "trail/") }

// home reports whether the trail is one of the account, in its home Region.
func (c *call) home(t model.Trail) bool {
	return t.ARN.AccountID() == c.Account && t.ARN.Region() == c.Region
}

// sees reports whether the account has the trail in the Region, be it as a shadow: of a
// trail of all Regions, or of the organization (CloudTrail API Reference, DescribeTrails).
func (c *call) sees(t model.Trail) bool {
	region := t.MultiRegion || t.ARN.Region() == c.Region
	return region && (t.ARN.AccountID() == c.Account || t.Organization)
}

// trail finds a trail by its ARN, or in its home Region by its name.
func (c *call) trail(id *string) (model.Trail, error) {
	for _, t := range c.s.world.Trails {
		if c.sees(t) && t.ARN.String() == aws.ToString(id) || c.home(t) && trailName(t) == aws.ToString(id) {
			return t, nil
		}
	}
	return model.Trail{}, invalid("TrailNotFoundException", "Unknown trail: %s for the user: %s", aws.ToString(id), c.Account)
}

func describeTrails(c *call, in *cloudtrail.DescribeTrailsInput) (*cloudtrail.DescribeTrailsOutput, error) {
	out := &cloudtrail.DescribeTrailsOutput{TrailList: []types.Trail{}}
	for _, t := range c.s.world.Trails {
		shadows := in.IncludeShadowTrails == nil || *in.IncludeShadowTrails
		if !c.home(t) && (!shadows || !c.sees(t)) {
			continue
		}
		if len(in.TrailNameList) > 0 && !slices.Contains(in.TrailNameList, trailName(t)) && !slices.Contains(in.TrailNameList, t.ARN.String()) {
			continue
		}
		name, region := trailName(t), t.ARN.Region()
		d := types.Trail{
			Name: &name, TrailARN: text(t.ARN), HomeRegion: &region, S3BucketName: known(t.Bucket), S3KeyPrefix: known(t.Prefix),
			KmsKeyId: known(t.KMSKey), CloudWatchLogsLogGroupArn: known(t.LogGroup),
			IsMultiRegionTrail: &t.MultiRegion, IsOrganizationTrail: &t.Organization, IncludeGlobalServiceEvents: &t.GlobalServiceEvents,
			LogFileValidationEnabled: &t.LogFileValidation, HasCustomEventSelectors: aws.Bool(t.Selectors != nil),
			HasInsightSelectors: aws.Bool(false),
		}
		out.TrailList = append(out.TrailList, d)
	}
	return out, nil
}

func getTrailStatus(c *call, in *cloudtrail.GetTrailStatusInput) (*cloudtrail.GetTrailStatusOutput, error) {
	t, err := c.trail(in.Name)
	if err != nil || t.Status == nil {
		return &cloudtrail.GetTrailStatusOutput{}, err
	}
	return &cloudtrail.GetTrailStatusOutput{
		IsLogging: &t.Status.Logging, LatestDeliveryTime: date(t.Status.Delivered), LatestDeliveryError: known(t.Status.DeliveryError),
		StartLoggingTime: date(t.Status.Started), StopLoggingTime: date(t.Status.Stopped),
	}, nil
}

func getEventSelectors(c *call, in *cloudtrail.GetEventSelectorsInput) (*cloudtrail.GetEventSelectorsOutput, error) {
	t, err := c.trail(in.TrailName)
	if err != nil {
		return nil, err
	}
	out := &cloudtrail.GetEventSelectorsOutput{TrailARN: text(t.ARN)}
	if t.Selectors == nil {
		return out, nil
	}
	for _, a := range t.Selectors.Advanced {
		out.AdvancedEventSelectors = append(out.AdvancedEventSelectors, advanced(a))
	}
	for _, s := range t.Selectors.Basic {
		e := types.EventSelector{
			ReadWriteType: types.ReadWriteType(s.ReadWrite), IncludeManagementEvents: &s.Management,
			DataResources: []types.DataResource{}, ExcludeManagementEventSources: append([]string{}, s.Excluded...),
		}
		for _, d := range s.DataResources {
			e.DataResources = append(e.DataResources, types.DataResource{Type: &d.Type, Values: d.Values})
		}
		out.EventSelectors = append(out.EventSelectors, e)
	}
	return out, nil
}

func advanced(a model.AdvancedSelector) types.AdvancedEventSelector {
	e := types.AdvancedEventSelector{Name: known(a.Name), FieldSelectors: []types.AdvancedFieldSelector{}}
	for _, f := range a.Fields {
		e.FieldSelectors = append(e.FieldSelectors, types.AdvancedFieldSelector{
			Field: &f.Field, Equals: f.Equals, NotEquals: f.NotEquals, StartsWith: f.StartsWith, NotStartsWith: f.NotStartsWith,
			EndsWith: f.EndsWith, NotEndsWith: f.NotEndsWith,
		})
	}
	return e
}

// lookupEvents finds events of the account in the Region, the latest first.
func lookupEvents(c *call, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error) {
	list := []types.Event{}
	for _, e := range c.s.world.Events {
		switch {
		case e.Account != c.Account || e.Region != c.Region,
			in.StartTime != nil && e.Time.Before(*in.StartTime),
			in.EndTime != nil && e.Time.After(*in.EndTime),
			!slices.ContainsFunc(in.LookupAttributes, e.has) && len(in.LookupAttributes) > 0:
			continue
		}
		list = append(list, types.Event{
			EventId: &e.ID, EventName: &e.Name, EventSource: &e.Source, EventTime: &e.Time, Username: known(e.Username),
			ReadOnly: aws.String(strconv.FormatBool(e.ReadOnly)), CloudTrailEvent: &e.Record, Resources: []types.Resource{},
		})
	}
	slices.SortStableFunc(list, func(a, b types.Event) int {
		return cmp.Or(b.EventTime.Compare(*a.EventTime), strings.Compare(*a.EventId, *b.EventId))
	})
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, 50)
	return &cloudtrail.LookupEventsOutput{Events: page, NextToken: next}, err
}

// has reports whether an event has an attribute that it is looked up by.
func (e Event) has(a types.LookupAttribute) bool {
	value := aws.ToString(a.AttributeValue)
	switch a.AttributeKey {
	case types.LookupAttributeKeyEventId:
		return e.ID == value
	case types.LookupAttributeKeyEventName:
		return e.Name == value
	case types.LookupAttributeKeyEventSource:
		return e.Source == value
	case types.LookupAttributeKeyUsername:
		return e.Username == value
	case types.LookupAttributeKeyReadOnly:
		return strconv.FormatBool(e.ReadOnly) == value
	}
	return false
}
