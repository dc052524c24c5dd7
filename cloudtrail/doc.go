// Package cloudtrail is AWS CloudTrail: the trails of an organization, what they are set to
// record, and the events that they recorded.
//
// Most users need [ReadFS], which reads the events of a folder of logs, [Reader], which also
// counts, and [ReadTrailsFS], which reads the trails.json of a snapshot.
//
// It does not reach AWS, does not tell whether logs were changed, and does not say what
// events mean.
package cloudtrail
