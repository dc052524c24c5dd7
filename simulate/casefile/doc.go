// Package casefile reads files of decisions that carry everything they need: JSON Lines
// in which each line is one request, the policies of every layer that bears on it, and the
// outcome that is expected. Such a file can be run by any engine, without an organization.
//
// Most users need [Read], which yields the cases of a file, and [Case.Eval], which decides
// one; [Case.Explain] also names the rules. [Result.AppendJSON] writes the output line.
//
//	{"id": "scp-region-7",
//	 "request": {
//	   "principal": "arn:aws:sts::111122223333:assumed-role/app/s1",
//	   "action": "s3:GetObject",
//	   "resource": "arn:aws:s3:::logs/a",
//	   "context": {"aws:RequestedRegion": "eu-west-1"}},
//	 "identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}],
//	 "scps": [[{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]],
//	 "expect": "allowed"}
//
// (in a file, all on one line). The members of a line:
//
//	id                      echoed; absent: the number of the line
//	request.principal       user, role, role session, federated-user session, root or SAML/OIDC provider ARN,
//	                        a service principal, or * for an anonymous caller
//	request.action          such as s3:GetObject
//	request.resource        an ARN; absent or *: the action has no resource types
//	request.resourceAccount owner of the resource; absent: the ARN's account, else the principal's
//	request.context         condition key → string or list of strings
//	request.multivalued     condition keys that are multivalued by type, besides those that AWS documents
//	request.roleArn         ARN, path included, of the role behind a role session
//	request.issuingUser     ARN of the IAM user who issued a federated-user session
//	request.principalId     unique ID of the principal or its role
//	request.objectOwner     account that owns the S3 object; absent: the bucket's owner
//	request.wildcardOnly    the action has no resource types: RCPs are those of the caller's account
//	identityPolicies        documents
//	boundary                a document or a list that is taken as one; null or []: none
//	sessionPolicies         documents
//	scps, rcps              one list of documents for each level, root first; []: no such path
//	resourcePolicy          a document or null
//	endpointPolicies        documents (interface endpoints), or {"kind": "gateway", "policy": document}
//	managementAccount       its principals and resources are exempt from SCPs and RCPs
//	s3                      {"blockPublicAccess": true, "bucketABAC": true}
//	expect                  allowed, explicitDeny, implicitDeny, indeterminate; or error: the line must be refused
//	strict                  false: keys that AWS supplies and the case does not give are unknown
//
// No condition key is derived: aws:PrincipalArn counts only if the case gives it.
//
// It does not look anything up in an organization; package simulate/simtest has case
// files for that.
package casefile
