// Package detect finds in CloudTrail events what an auditor asks about: root and break-glass
// use, tampering with the services that watch, sign-ins without MFA, keys used from
// elsewhere or by several at once, changes beside the pipeline, leavers who are still
// active, and how many events can be traced to a person. It also tells whether the metric
// filters and alarms of CloudWatch would have noticed.
//
// Most users need [Run], which takes events and a [Config]; [Rules], which says what each
// rule reads and cannot see; and [ParsePattern], which matches events with a filter pattern
// of CloudWatch Logs.
//
// A rule that lacks what it needs is skipped with the reason. One that finds nothing says
// that nothing was observed in so many days, never that nothing happened: what no trail
// records is not seen here.
//
// It reads no log files, which package cloudtrail does, and no clock. It decides no requests.
package detect
