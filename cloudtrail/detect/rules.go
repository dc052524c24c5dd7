package detect

// rules is the table of all rules.
var rules = []rule{
	{Rule: Rule{
		Code: "ROOT_USE", Title: "The root user of an account was used", Severity: High,
		Reads: "userIdentity of all events: type Root, a session that root issued, or one of AssumeRoot",
		Blind: "who it was; what AWS does for root by itself (invokedBy other than the console, AwsServiceEvent) is left out",
	}, lacks: nothing, start: func(r Rule, d *detector) watcher { return &rootUse{newTally(r, d.Config)} }},
	{Rule: Rule{
		Code: "BREAKGLASS_USE", Title: "A principal for emergencies was used", Severity: High,
		Reads: "events of the principals in breakGlass, ConsoleLogin and SwitchRole included, and AssumeRole of such a role",
		Blind: "whether there was an emergency",
	}, lacks: noBreakGlass, start: func(r Rule, d *detector) watcher { return &breakGlassUse{newTally(r, d.Config)} }},
	{Rule: Rule{
		Code: "BREAKGLASS_NO_TICKET", Title: "A principal for emergencies was used without a ticket", Severity: Critical,
		Reads: "name and source identity of the session, its session tag in the AssumeRole event, and the register of tickets",
		Blind: "whether the ticket exists, and is about this use; tags of sessions whose AssumeRole is not among the events",
	}, lacks: func(c *Config) string {
		if c.Tickets == nil {
			return "it is not given where tickets are (tickets)"
		}
		return noBreakGlass(c)
	}, start: func(r Rule, d *detector) watcher { return newTicketWatch(r, d.Config) }},
	{Rule: Rule{
		Code: "TAMPERING", Title: "What watches was switched off or changed, or somebody tried to", Severity: High,
		Reads: "calls that stop or weaken CloudTrail, flow logs, log groups, alarms, Security Hub, GuardDuty, Config, Macie, Access Analyzer, Inspector, Detective, KMS keys, log buckets, and the organization; refused ones too",
		Blind: "whether the change was meant; changes of an event rule, of an archive rule, or of a policy of the key; log buckets, groups and alarms that are not given",
	}, lacks: nothing, start: func(r Rule, d *detector) watcher { return newTampering(r, d.Config) }},
	{Rule: Rule{
		Code: "CONSOLE_NO_MFA", Title: "Sign-in to the console without MFA", Severity: High,
		Reads: "successful ConsoleLogin of root and IAM users: additionalEventData.MFAUsed",
		Blind: "MFA at an identity provider, which no event of AWS proves: sign-ins of federated people are counted only",
	}, lacks: nothing, start: func(r Rule, d *detector) watcher { return &consoleLogin{t: newTally(r, d.Config)} }},
	{Rule: Rule{
		Code: "KEY_UNEXPECTED_NETWORK", Title: "A credential was used from a network that is not one of its own", Severity: High,
		Reads: "sourceIPAddress of events of the access keys and principals in networks; refused calls too",
		Blind: "calls through a VPC endpoint, and by services, which have no public address",
	}, lacks: func(c *Config) string {
		if len(c.Networks) == 0 {
			return "it is not given where credentials are used from (networks)"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return newNetworkWatch(r, d.Config) }},
	{Rule: Rule{
		Code: "KEY_NEW_NETWORK", Title: "A long-term access key was used from a network where it was not used before", Severity: Medium,
		Reads: "sourceIPAddress of events of access keys (AKIA…): the /24 or /48 before and after learnUntil",
		Blind: "who had the key before learnUntil already; keys that were not used before",
	}, lacks: func(c *Config) string {
		if c.LearnUntil.IsZero() {
			return "it is not given until when uses are expected ones (learnUntil)"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return newBaseline(r, d.Config) }},
	{Rule: Rule{
		Code: "SHARED_CREDENTIALS", Title: "One credential was in use at several places at the same time", Severity: Medium,
		Reads: "events of a long-term access key, an IAM user's console session or root, by UTC day: addresses and programs whose times of use overlap",
		Blind: "people who share a credential behind one address, with the same program, or one after the other; one person at two machines looks the same",
	}, lacks: nothing, start: func(r Rule, d *detector) watcher { return newSharing(r, d.Config) }},
	{Rule: Rule{
		Code: "KEY_NOT_IN_INVENTORY", Title: "A long-term access key was used that the snapshot does not have", Severity: High,
		Reads: "userIdentity.accessKeyId (AKIA…) of IAM users and root, and the access keys of the snapshot",
		Blind: "when the snapshot was taken: the key may have been made later, or deleted before",
	}, lacks: noOrganization, start: func(r Rule, d *detector) watcher { return newInventory(r, d.Config) }},
	{Rule: Rule{
		Code: "PERMISSION_SET_CHANGED", Title: "Permission sets or who is assigned them were changed beside the pipeline", Severity: High,
		Reads: "successful changes in IAM Identity Center (sso) and of its groups (identitystore, sso-directory) by others than pipelines",
		Blind: "changes in an identity provider outside of AWS; events that AWS itself makes while provisioning are left out",
	}, lacks: func(c *Config) string {
		if len(c.Pipelines) == 0 {
			return "it is not given which principals are the pipeline (pipelines)"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return &permissionSets{newTally(r, d.Config), d.Config} }},
	{Rule: Rule{
		Code: "LEAVER_ACTIVE", Title: "Somebody was active more than 24 hours after leaving", Severity: High,
		Reads: "events of leavers, by person, IAM user or access key",
		Blind: "access that was there and not used; what they do as somebody else",
	}, lacks: func(c *Config) string {
		if c.Leavers == nil && c.IdentityCenter == nil {
			return "it is not given who left, and when (leavers)"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return newLeaving(r, d) }},
	{Rule: Rule{
		Code: "UNATTRIBUTED", Title: "Events that can be traced to no person", Severity: Info,
		Reads: "userIdentity: people of IAM Identity Center, source identities, SAML users, and people in the configuration",
		Blind: "names of sessions of other roles, which whoever assumes them chooses, and who assumed them, which another event says",
	}, lacks: nothing, start: func(r Rule, d *detector) watcher { return &unattributed{newTally(r, d.Config)} }},
	{Rule: Rule{
		Code: "ALARM_SILENT", Title: "Root or break-glass use that no alarm notices", Severity: High,
		Reads: "the events of ROOT_USE and BREAKGLASS_USE, metric filters of log groups of trails, alarms, and subscriptions",
		Blind: "alarms on anything but metric filters, such as event rules or a SIEM; whether somebody reads what is sent",
	}, lacks: func(c *Config) string {
		if c.Monitoring == nil {
			return "metric filters and alarms are not given"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return &silence{d, r, make(map[watched]*Finding)} }},
	staticRule("ALARM_METRIC_UNFED", "An alarm on a metric that no metric filter publishes", High, "alarms, and metric filters",
		"PutMetricData by something else; namespaces of AWS are left out"),
	staticRule("ALARM_MISSING_EVALUATION_PERIODS", "An alarm without the number of periods that it looks at", High, "alarms", "nothing: PutMetricAlarm refuses it"),
	staticRule("ALARM_NO_ACTION", "An alarm that tells nobody", High, "alarms: AlarmActions, and ActionsEnabled", "rules of EventBridge on changes of the alarm's state"),
	staticRule("ALARM_UNCONFIRMED", "An alarm whose topic has no confirmed subscription", High, "alarms, and subscriptions of topics", "whether somebody reads what is sent"),
	staticRule("ALARM_NEVER", "An alarm that its metric cannot reach", High, "alarms, and metric filters: statistic, comparison and threshold", "metrics of filters that count fields of events"),
	staticRule("FILTER_UNWATCHED", "A metric filter whose metric no alarm watches", Low, "metric filters, and alarms", "dashboards, and metric math"),
	staticRule("FILTER_PATTERN", "A metric filter whose pattern AWS would not take, or that is not modelled", Medium, "metric filters", "what AWS takes beyond its documentation"),
	staticRule("FILTER_NOT_TRAIL", "A metric filter on a log group that no trail writes to", Low, "metric filters, and trails", "log groups that others write events of CloudTrail to"),
}

func noBreakGlass(c *Config) string {
	if len(c.BreakGlass) == 0 {
		return "it is not given which principals are for emergencies (breakGlass)"
	}
	return ""
}

func noOrganization(c *Config) string {
	if c.Organization == nil {
		return "no snapshot is given"
	}
	return ""
}
