// Package licit is the root of a module that models AWS authorization offline: it reads
// the policies of an organization and says which requests AWS would allow, which it would
// deny and by which statement, and what an answer depends on.
//
//   - Package [github.com/licit-dev/licit/policy] is what is written: ARNs, actions,
//     principals and policy documents.
//   - Package [github.com/licit-dev/licit/org] is the world in which policies are
//     attached: accounts, OUs, SCPs, RCPs, users, roles, resources, and changes of them.
//   - Package [github.com/licit-dev/licit/identitycenter] is people and permission sets, and
//     the roles that they become.
//   - Package [github.com/licit-dev/licit/org/awsexport] makes them of files that the AWS CLI
//     wrote, [github.com/licit-dev/licit/org/awsorg] of what is in AWS, and
//     [github.com/licit-dev/licit/org/tfplan] reads what a Terraform plan would change.
//   - Package [github.com/licit-dev/licit/simulate] decides requests in that world, and
//     explains its decisions.
//   - Package [github.com/licit-dev/licit/simulate/casefile] is the file format for cases,
//     one self-contained decision per line.
//   - Package [github.com/licit-dev/licit/policy/serviceref] holds facts about services
//     that decisions depend on.
//
// Most users need [github.com/licit-dev/licit/policy.Parse],
// [github.com/licit-dev/licit/org.ReadFS] and [github.com/licit-dev/licit/simulate.Compile].
// The command licit, in cmd/licit, asks the same questions from a shell.
//
// This package itself exports nothing. No package reaches AWS but those whose names are aws
// and the name of what they load, such as awsorg.
package licit
