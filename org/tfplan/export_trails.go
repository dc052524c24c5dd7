package tfplan

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/licit-dev/licit/cloudtrail"
)

// trails writes the trails of the organization.
func (x *exporter) trails(list []cloudtrail.Trail) {
	for _, t := range sortedTrails(list) {
		if !t.Organization {
			continue
		}
		name := strings.TrimPrefix(t.ARN.Resource(), "trail/")
		b, _ := x.resource("aws_cloudtrail", name)
		x.text(b, "name", name)
		x.text(b, "s3_bucket_name", t.Bucket)
		for _, o := range []struct{ name, value string }{
			{"s3_key_prefix", t.Prefix}, {"kms_key_id", t.KMSKey}, {"cloud_watch_logs_group_arn", t.LogGroup},
		} {
			if o.value != "" {
				x.text(b, o.name, o.value)
			}
		}
		if t.LogGroup != "" {
			x.note(b, "cloud_watch_logs_role_arn is not known: set it to the role that writes to the log group.")
		}
		b.SetAttributeValue("is_organization_trail", cty.True)
		b.SetAttributeValue("is_multi_region_trail", cty.BoolVal(t.MultiRegion))
		b.SetAttributeValue("include_global_service_events", cty.BoolVal(t.GlobalServiceEvents))
		b.SetAttributeValue("enable_log_file_validation", cty.BoolVal(t.LogFileValidation))
		if t.Status != nil {
			b.SetAttributeValue("enable_logging", cty.BoolVal(t.Status.Logging))
		}
		if t.Selectors == nil {
			x.note(b, "What it records is not known.")
			continue
		}
		for _, s := range t.Selectors.Basic {
			x.selector(b, s)
		}
		for _, s := range t.Selectors.Advanced {
			x.advanced(b, s)
		}
	}
}

// sortedTrails are trails by ARN.
func sortedTrails(list []cloudtrail.Trail) []cloudtrail.Trail {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b cloudtrail.Trail) int { return a.ARN.Compare(b.ARN) })
	return list
}

func (x *exporter) note(b *hclwrite.Body, text string) {
	b.AppendUnstructuredTokens(hclwrite.Tokens{{Type: commentToken, Bytes: []byte("# " + text + "\n")}})
}

func list(b *hclwrite.Body, name string, values []string) {
	if len(values) == 0 {
		return
	}
	var out []cty.Value
	for _, v := range values {
		out = append(out, cty.StringVal(v))
	}
	b.SetAttributeValue(name, cty.TupleVal(out))
}

func (x *exporter) selector(b *hclwrite.Body, s cloudtrail.EventSelector) {
	in := b.AppendNewBlock("event_selector", nil).Body()
	if s.ReadWrite != "" {
		x.text(in, "read_write_type", s.ReadWrite)
	}
	in.SetAttributeValue("include_management_events", cty.BoolVal(s.Management))
	list(in, "exclude_management_event_sources", s.Excluded)
	for _, d := range s.DataResources {
		data := in.AppendNewBlock("data_resource", nil).Body()
		x.text(data, "type", d.Type)
		list(data, "values", d.Values)
	}
}

func (x *exporter) advanced(b *hclwrite.Body, s cloudtrail.AdvancedSelector) {
	in := b.AppendNewBlock("advanced_event_selector", nil).Body()
	if s.Name != "" {
		x.text(in, "name", s.Name)
	}
	for _, f := range s.Fields {
		field := in.AppendNewBlock("field_selector", nil).Body()
		x.text(field, "field", f.Field)
		list(field, "equals", f.Equals)
		list(field, "starts_with", f.StartsWith)
		list(field, "ends_with", f.EndsWith)
		list(field, "not_equals", f.NotEquals)
		list(field, "not_starts_with", f.NotStartsWith)
		list(field, "not_ends_with", f.NotEndsWith)
	}
}
