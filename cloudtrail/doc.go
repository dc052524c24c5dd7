// Package cloudtrail is AWS CloudTrail: what trails record.
package cloudtrail
