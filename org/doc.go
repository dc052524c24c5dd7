// Package org is the world in which policies are attached: the tree of an organization
// with its control policies, and accounts with their users, groups, roles, resources and
// VPC endpoints. What is not known about it is recorded as a [Gap].
//
// Most users need [ReadFS], which reads a snapshot directory and reports everything that
// is wrong with it at once, each with its file, line and column; [New], which makes an
// [Organization] of a hand-written [Spec]; and [Organization.Apply], which makes the
// organization that a list of [Change] values leads to.
//
// An Organization is immutable and safe for concurrent use. All its names lead somewhere:
// what is attached, inherited or belonged to exists, is a managed policy of AWS that
// package serviceref knows (see [Organization.EmbeddedPolicies]), or is a Gap.
//
// It does not decide anything: an organization is asked by package simulate. It does not
// reach AWS either: a snapshot is files. And it does not check quotas, except for the depth of the tree.
package org
