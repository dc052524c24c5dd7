// Package simtest tests policies: a test says who may do what, and fails with the statement
// that says otherwise.
//
// Most users need [RunFS], which runs case files; [Env], [Allowed] and [Denied] for cases in
// Go; and [Unchanged], which holds two environments against each other. licit test runs the
// same files without Go.
//
// A case file is a txtar file: a comment, and sections that begin with a line -- name --.
// The section cases has one case in each line:
//
//	Interns read logs but never delete them.
//	-- org.json --
//	{ an organization as org.ReadFS reads it; left out where RunFS is given an environment }
//	-- cases --
//	# OUTCOME     PRINCIPAL                               ACTION           RESOURCE            KEY=VALUE…
//	allowed       arn:aws:iam::111122223333:role/intern  s3:GetObject     arn:aws:s3:::logs/a  aws:SourceIp=203.0.113.7
//	explicitDeny  arn:aws:iam::111122223333:role/intern  s3:DeleteObject  arn:aws:s3:::logs/a
//
// The outcome is allowed, explicitDeny, implicitDeny, indeterminate, or denied for either
// deny. The principal is the ARN of a user, role, session or root user, a service principal
// such as ec2.amazonaws.com, or * for an anonymous caller. The resource is an ARN, or * for
// an action that takes none. Condition keys follow, each with its values: key=a for one,
// key=a,b for several, key="a, b" for one with white space or a comma in it, key="" for an
// empty one, key= for a key that is absent. Quotes may stand anywhere, with \" and \\ inside
// them. A line that begins with # is a comment, and so is what follows a word that does.
//
// Keys that are neither given nor derived from the organization are absent, as in AWS's own
// simulator. A line that begins with ? takes those that AWS could send as unknown: the
// outcome is then indeterminate if it depends on one.
//
// A line is refused, and the test fails, if it makes no sense: a user or role that its
// account does not have, an action that AWS does not have (new:s3:GetObject says that it is
// newer than the service reference of this module), two values of a key that has one. What
// may not mean what it says is logged as a warning: a condition key that AWS does not have, a
// resource or an account of another name than one in the organization but close to it, an
// implicit deny without the resource that the action is for.
//
// Other sections are files that org.json names, such as -- control-policies/regions.json --,
// or cases.jsonl, which has cases of package simulate/casefile; those also stand in files
// of their own, *.jsonl.
//
// It does not test what the organization does not hold, and it reaches no account.
package simtest
