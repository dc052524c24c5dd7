package detect

import (
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A watched object is what a call must be about to be tampering. The zero scope is anything.
type scope uint8

const (
	anything       scope = iota
	logBucket            // a bucket of log files
	logGroup             // a log group of a trail
	alarm                // an alarm that is fed by a metric filter
	topic                // the topic of such an alarm
	disabling            // a change of a detector that says enable: false, or switches off a part of it
	archiving            // a filter that archives what it matches
	disablingParts       // a change of a control that says that it is disabled
	pausing              // a change of Macie that suspends it
)

// tampers are the calls that stop or weaken what watches, by eventSource and eventName. Each
// service's API Reference says what they do.
var tampers = map[string]map[string]scope{
	"cloudtrail.amazonaws.com": scoped(anything, "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors", "DeleteEventDataStore", "UpdateEventDataStore",
		"StopEventDataStoreIngestion", "DeregisterOrganizationDelegatedAdmin", "DeleteResourcePolicy", "DeleteChannel"),
	"ec2.amazonaws.com": scoped(anything, "DeleteFlowLogs"),
	"logs.amazonaws.com": scoped(logGroup, "DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy", "DeleteMetricFilter", "PutMetricFilter", "DeleteSubscriptionFilter",
		"DisassociateKmsKey", "PutDataProtectionPolicy", "PutTransformer"),
	"monitoring.amazonaws.com": scoped(alarm, "DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState"),
	"sns.amazonaws.com":        scoped(topic, "DeleteTopic", "SetTopicAttributes", "RemovePermission"),
	"securityhub.amazonaws.com": merged(scoped(anything, "DisableSecurityHub", "DisableSecurityHubV2", "BatchDisableStandards", "DisableImportFindingsForProduct", "DisassociateFromMasterAccount",
		"DisassociateFromAdministratorAccount", "DisassociateMembers", "DeleteMembers", "DisableOrganizationAdminAccount", "DeleteFindingAggregator"),
		scoped(disablingParts, "UpdateStandardsControl", "BatchUpdateStandardsControlAssociations")),
	"guardduty.amazonaws.com": merged(scoped(anything, "DeleteDetector", "DisassociateFromMasterAccount", "DisassociateFromAdministratorAccount", "DisassociateMembers", "DeleteMembers",
		"StopMonitoringMembers", "DeletePublishingDestination", "DisableOrganizationAdminAccount", "CreateIPSet", "UpdateIPSet", "DeleteThreatIntelSet"),
		scoped(disabling, "UpdateDetector", "UpdateMemberDetectors"), scoped(archiving, "CreateFilter", "UpdateFilter")),
	"config.amazonaws.com": scoped(anything, "StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel", "DeleteConfigRule", "DeleteConfigurationAggregator",
		"DeleteConformancePack", "DeleteOrganizationConfigRule", "DeleteOrganizationConformancePack", "DeleteRetentionConfiguration",
		"PutConfigurationRecorder", "PutDeliveryChannel"),
	"kms.amazonaws.com": scoped(anything, "ScheduleKeyDeletion", "DisableKey", "DeleteImportedKeyMaterial"),
	"macie2.amazonaws.com": merged(scoped(anything, "DisableMacie", "DisassociateFromMasterAccount", "DisassociateFromAdministratorAccount", "DisassociateMember", "DeleteMember", "DisableOrganizationAdminAccount"),
		scoped(pausing, "UpdateMacieSession", "UpdateMemberSession")),
	"access-analyzer.amazonaws.com": scoped(anything, "DeleteAnalyzer"),
	"inspector2.amazonaws.com":      scoped(anything, "Disable", "DisassociateMember", "DisableDelegatedAdminAccount"),
	"detective.amazonaws.com":       scoped(anything, "DeleteGraph", "DisassociateMembership"),
	"s3.amazonaws.com": scoped(logBucket, "DeleteBucket", "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketLifecycle", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle", "PutBucketVersioning",
		"PutObjectLockConfiguration", "PutBucketObjectLockConfiguration", "PutObjectRetention", "PutObjectLegalHold", "PutBucketEncryption", "DeleteBucketEncryption", "PutBucketPublicAccessBlock",
		"DeleteBucketPublicAccessBlock", "PutBucketAcl", "PutBucketLogging", "PutBucketReplication", "DeleteBucketReplication", "PutBucketOwnershipControls", "DeleteObject", "DeleteObjects"),
	"organizations.amazonaws.com": scoped(anything, "LeaveOrganization", "RemoveAccountFromOrganization", "DeleteOrganization", "DetachPolicy", "DeletePolicy", "UpdatePolicy", "DisablePolicyType", "MoveAccount",
		"DisableAWSServiceAccess", "DeregisterDelegatedAdministrator"),
}

func scoped(s scope, names ...string) map[string]scope {
	out := make(map[string]scope, len(names))
	for _, n := range names {
		out[n] = s
	}
	return out
}

func merged(scopes ...map[string]scope) map[string]scope {
	out := make(map[string]scope)
	for _, s := range scopes {
		maps.Copy(out, s)
	}
	return out
}

type tampering struct {
	t       *tally
	buckets map[string]bool
	groups  map[string]bool // names of log groups; nil: not known
	alarms  map[string]bool // that metric filters feed; nil: not known
	others  map[string]bool // all other alarms
	topics  map[string]bool
	unknown map[scope]int
}

func newTampering(r Rule, c *Config) *tampering {
	w := &tampering{t: newTally(r, c), buckets: setOf(c.LogBuckets...), unknown: make(map[scope]int)}
	if c.Trails != nil {
		w.groups = make(map[string]bool)
	}
	for _, t := range c.Trails {
		w.buckets[t.Bucket] = true
		if g := logGroupName(t.LogGroup); g != "" {
			w.groups[g] = true
		}
	}
	if c.Monitoring != nil {
		w.alarms, w.others, w.topics = make(map[string]bool), make(map[string]bool), make(map[string]bool)
		for _, a := range c.Monitoring.Alarms {
			if len(c.Monitoring.feeding(a)) == 0 {
				w.others[a.Name] = true
			} else {
				w.alarms[a.Name] = true
				for _, t := range a.Actions {
					w.topics[t] = true
				}
			}
		}
	}
	delete(w.buckets, "")
	return w
}

// logGroupName is the name of a log group, given as its ARN or by name.
func logGroupName(group string) string {
	if a, err := policy.ParseARN(group); err == nil {
		name := strings.TrimPrefix(a.Resource(), "log-group:")
		return strings.TrimSuffix(name, ":*")
	}
	return group
}

func (w *tampering) see(e *event) {
	s, ok := tampers[e.Source][e.Name]
	if !ok {
		return
	}
	switch w.concerns(e, s) {
	case No:
		return
	case Unknown:
		w.unknown[s]++
		return
	}
	message := e.Source + " " + e.Name
	if e.ErrorCode != "" {
		message += ", refused or failed: " + e.ErrorCode
	}
	w.t.add(e, High, e.principal, message)
}

// concerns reports whether a call is about what the scope says.
func (w *tampering) concerns(e *event, s scope) Answer {
	switch s {
	case logBucket:
		name := text(e.Parameters, "bucketName")
		if name == "" || len(w.buckets) == 0 {
			return Unknown
		}
		return answer(w.buckets[name])
	case logGroup:
		return among(w.groups, append(texts(e.Parameters, "logGroupName"), texts(e.Parameters, "logGroupIdentifier")...), logGroupName)
	case alarm:
		names := append(texts(e.Parameters, "alarmNames"), texts(e.Parameters, "alarmName")...)
		a := among(w.alarms, names, nil)
		// One that is not there may have been deleted by this very call.
		if a == No && slices.ContainsFunc(names, func(n string) bool { return !w.others[n] }) {
			return Unknown
		}
		return a
	case topic:
		return among(w.topics, texts(e.Parameters, "topicArn"), nil)
	case disabling:
		return disables(e)
	case archiving:
		switch text(e.Parameters, "action") {
		case "ARCHIVE":
			return Yes
		case "":
			if e.Name == "UpdateFilter" {
				return Unknown // it may do so already
			}
		}
		return No
	case pausing: // Amazon Macie API Reference, “Macie Administration”
		return answer(text(e.Parameters, "status") == "PAUSED")
	case disablingParts:
		var states []string
		for _, path := range [][]string{{"controlStatus"}, {"ControlStatus"}, {"standardsControlAssociationUpdates", "associationStatus"}, {"StandardsControlAssociationUpdates", "AssociationStatus"}} {
			states = append(states, texts(e.Parameters, path...)...)
		}
		if len(states) == 0 {
			return Unknown
		}
		return answer(slices.Contains(states, "DISABLED"))
	}
	return Yes
}

// disables reports whether a change of a detector switches it off, or a part of it: features, or
// data sources, which came before them (Amazon GuardDuty API Reference, “UpdateDetector”).
func disables(e *event) Answer {
	on := texts(e.Parameters, "enable")
	for _, path := range [][]string{{"s3Logs", "enable"}, {"kubernetes", "auditLogs", "enable"}, {"malwareProtection", "scanEc2InstanceWithFindings", "ebsVolumes"}} {
		on = append(on, texts(e.Parameters, append([]string{"dataSources"}, path...)...)...)
	}
	states := append(texts(e.Parameters, "features", "status"), texts(e.Parameters, "features", "additionalConfiguration", "status")...)
	switch {
	case slices.Contains(on, "false"), slices.Contains(states, "DISABLED"):
		return Yes
	case len(on)+len(states) == 0:
		return Unknown
	}
	return No
}

func among(known map[string]bool, names []string, normal func(string) string) Answer {
	if known == nil || len(names) == 0 {
		return Unknown
	}
	for _, n := range names {
		if normal != nil {
			n = normal(n)
		}
		if known[n] {
			return Yes
		}
	}
	return No
}

func (w *tampering) done(r *Result) {
	w.t.report(r)
	for s, text := range map[scope]string{
		logBucket:      "%d changes of buckets: which of them hold log files is not given, or the event does not name one (logBuckets, trails)",
		logGroup:       "%d changes of log groups: which of them trails write to is not given, or the event does not name one",
		alarm:          "%d changes of alarms: whether they watched log files is not given, as of those that are gone, or the event does not name one",
		topic:          "%d changes of topics: to which of them alarms are sent is not given, or the event does not name one",
		disabling:      "%d changes of a detector that do not say whether it stays on",
		archiving:      "%d changes of a filter that do not say whether it archives",
		disablingParts: "%d changes of a control that do not say whether it stays on",
	} {
		if n := w.unknown[s]; n > 0 {
			r.note(text, n)
		}
	}
}
