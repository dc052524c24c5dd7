// Package cloudtrail is AWS CloudTrail: the trails of an organization, and what they are set
// to record.
//
// Most users need [ReadTrailsFS], which reads the trails.json of a snapshot.
//
// It does not reach AWS, and does not read the events that trails delivered.
package cloudtrail
