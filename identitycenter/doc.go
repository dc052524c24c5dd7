// Package identitycenter is IAM Identity Center: the permission sets of an instance, its
// users and groups, and who is assigned what in which account.
//
// Most users need [ReadFS], which reads the identitycenter.json of a snapshot;
// [Instance.Changes], which is what the instance provisions in an organization: an IAM role
// for each permission set and account; and [Instance.Access], which is what a person can
// sign in to.
//
// An Instance is immutable and safe for concurrent use. What is not known about it is an
// [org.Gap], as in package org.
//
// It decides nothing: the roles are asked by package simulate. It does not reach AWS, and
// knows neither applications nor what an external identity provider demands, MFA included.
package identitycenter
