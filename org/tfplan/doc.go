// Package tfplan turns a Terraform plan into what it would do to an organization.
//
// Most users need [Read], which takes the output of terraform show -json PLAN, and
// [Plan.Apply], which returns the [org.Change]s and the edits of IAM Identity Center that
// the plan makes, and what it had to skip. [Export] writes the way back: an organization and
// an instance of IAM Identity Center as Terraform's HCL.
//
// What Terraform knows only after apply is looked up through the references of the
// configuration, as far as [Plan.WithConfiguration] says that nothing else is made of them:
// documents of data sources are put together from their statements, and texts, lists and what
// jsonencode is given are computed where they are made of literals and references. Other
// functions, conditions and for expressions are not. What stays unknown becomes an [org.Gap]
// whose reason begins with the address of the resource, so that decisions which depend on it
// are indeterminate. Values that are marked sensitive, or made of such values by a provider, are
// taken for unknown: none can be in any output.
//
// Resources of IAM, Organizations, IAM Identity Center and its identity store are read, policies
// of buckets, queues, topics, keys, secrets and repositories, and trails. Of Block Public Access of
// buckets and accounts, restrict_public_buckets is read, the one setting that decides requests:
// two others refuse new policies and lists, and access control lists are not modelled, which
// the fourth ignores. S3 policies of Organizations, which set it for whole accounts, are
// listed as access that is not modelled. The object lock of a bucket is read for the trails of
// the plan that write to it: no policy has a part in it.
//
// It does not run Terraform, and reaches no network.
package tfplan
