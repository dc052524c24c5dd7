// Package serviceref holds what AWS's Service Authorization Reference says: services, their
// actions with access level, resource types and condition keys, and what decisions depend
// on besides: which services resource control policies reach, what a list action is
// authorised against, the region of global services. It also has the managed policies of
// AWS, and the actions behind CloudTrail events.
//
// Most users need [Embedded], the facts that come with the module, [Reference.Action] and
// [ManagedPolicy]. The service facts are those of 2026-09-26, see [Reference.Date]: 456
// services, 22,091 actions, 2,334 resource types with 2,347 ARN formats, 1,580 condition keys
// and 49 that are global or were added; 62 services support RCPs. The global condition keys are
// those of the IAM User Guide of 2026-11-26. There are 1,594 managed policies, see
// [ManagedPoliciesDate]. [Read] and [ReadFS] lay newer facts over the services, such as the
// files of AWS's own service reference.
//
// Dependent actions and what is permission-only are advice. They come from a source that
// ends on 2025-12-06, and say so for newer actions.
//
// A service, action or key that it does not know may well exist: AWS adds some every week.
// It decides nothing.
//
// The embedded files are 860 kB: services 277 kB, managed policies 489 kB, events 95 kB. What
// evaluation needs is read without inflating anything (0.07 ms, once). The first look-up of an
// action inflates the index and the part with its service (1.1 ms, 190 allocations, 1.5 MB);
// what concerns all services, such as the actions of "*", inflates all parts (5.3 ms, 620
// allocations, 3.2 MB, once). Then an action is found in 0.3 µs and a condition key in 0.2 µs
// without allocation, ec2:Describe* expands in 9 µs, and a managed policy is inflated in
// 0.3 ms. Measured on a shared core of an AMD EPYC with Go 1.26, the loads as processor time
// with GOMAXPROCS=1, by
//
//	go test ./policy/serviceref -run - -bench .
package serviceref
