// Package simulate decides requests in a world of policies, as AWS would, without AWS.
//
// Most users need [Compile], which makes an [Environment] of an organization;
// [Environment.Can], which answers a [Request] with a [Decision]; and
// [Environment.Explain], which says why. [CompileCustom] and [CompileLayers] take bare
// policy documents instead of an organization.
//
// In bulk, [Environment.WhoCan] lists everybody who may, [Environment.EffectivePermissions]
// what somebody may, and [Environment.Matrix] what everybody may do.
// [Environment.Affected] says who gains or loses which access between two environments,
// [Diff] compares them request by request. [Environment.Requires] says under which
// conditions an indeterminate request is allowed, [Environment.HowToAllow] what would make
// a denied one allowed.
//
// A decision is [Allowed], [ExplicitDeny], [ImplicitDeny], or [Indeterminate] when it
// depends on something that nobody said: a condition key that AWS could send, a part of
// the organization that was not loaded, a caller or resource outside the model. What is
// certain in spite of that is decided. A resource of an account in the model that is not
// listed has no policy, unless a gap or its kind says otherwise. The procedure is that of the IAM User Guide,
// “Policy evaluation logic”; each rule stands in one function that names it.
//
// It does not know KMS grants, S3 access control lists, resource shares, or checks that
// services make besides policies, and it does not ask AWS anything.
package simulate
