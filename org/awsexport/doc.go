// Package awsexport reads what the AWS CLI, or a loader, wrote down of AWS: answers of
// Organizations, IAM, IAM Identity Center and of services with resource policies become an
// [org.Organization] and an [identitycenter.Instance].
//
// Most users need [Read].
//
// It does not reach AWS and decides nothing. What is not in the export, cut off or refused is
// an [org.Gap]: it is never taken for absent.
package awsexport
