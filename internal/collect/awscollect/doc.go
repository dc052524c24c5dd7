// Package awscollect reads AWS's state through the AWS SDK: it has the tables of sections,
// the calls that each makes, and the policies that these calls need.
//
// Most callers need [Load], which reads what [Options] ask for into a directory of records,
// and [Policies]. org/awsorg, identitycenter/awsidentitycenter and cloudtrail/awscloudtrail
// are its doors.
//
// It changes nothing in AWS, other than having a credential report generated.
package awscollect
