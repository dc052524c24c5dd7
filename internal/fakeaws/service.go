package fakeaws

import (
	"net/http"
	"strings"
)

// A service is how one service of AWS speaks.
type service struct {
	name      string // as the AWS CLI names it
	signing   string // name in the scope of signatures
	protocol  protocol
	namespace string // of XML
	lower     bool   // members are named in lowerCamelCase
	denied    failure
	throttled failure
}

var services = []service{
	{name: "sts", signing: "sts", protocol: query, namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		denied: failure{403, "AccessDenied", ""}, throttled: failure{400, "Throttling", "Rate exceeded"}},
	{name: "iam", signing: "iam", protocol: query, namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		denied: failure{403, "AccessDenied", ""}, throttled: failure{400, "Throttling", "Rate exceeded"}},
	{name: "organizations", signing: "organizations", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "TooManyRequestsException", "AWS Organizations can't complete your request because another request is already in progress. Try again later."}},
	{name: "sso-admin", signing: "sso", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "identitystore", signing: "identitystore", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "cloudtrail", signing: "cloudtrail", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "kms", signing: "kms", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "secretsmanager", signing: "secretsmanager", protocol: json11,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "ecr", signing: "ecr", protocol: json11, lower: true,
		denied: failure{400, "AccessDeniedException", ""}, throttled: failure{400, "ThrottlingException", "Rate exceeded"}},
	{name: "sqs", signing: "sqs", protocol: json10,
		denied: failure{403, "AccessDenied", ""}, throttled: failure{403, "RequestThrottled", "Request is throttled."}},
	{name: "sns", signing: "sns", protocol: query, namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
		denied: failure{403, "AuthorizationError", ""}, throttled: failure{400, "Throttling", "Rate exceeded"}},
	{name: "lambda", signing: "lambda", protocol: restJSON,
		denied: failure{403, "AccessDeniedException", ""}, throttled: failure{429, "TooManyRequestsException", "Rate Exceeded."}},
	{name: "s3", signing: "s3", protocol: restXML,
		denied: failure{403, "AccessDenied", "Access Denied"}, throttled: failure{503, "SlowDown", "Please reduce your request rate."}},
	{name: "s3control", signing: "s3", protocol: restXML,
		denied: failure{403, "AccessDenied", "Access Denied"}, throttled: failure{503, "SlowDown", "Please reduce your request rate."}},
}

// serviceOf finds the service by its name in signatures, which S3 and S3 Control share.
func serviceOf(signing string, r *http.Request) *service {
	for i := range services {
		s := &services[i]
		if s.signing == signing && (s.name == "s3control") == (r.Header.Get("X-Amz-Account-Id") != "") {
			return s
		}
	}
	return nil
}

// operation is the name of the operation that a request asks for, as far as the service
// knows it.
func (s *service) operation(c *call) string {
	switch s.protocol {
	case json10, json11:
		target := c.request.Header.Get("X-Amz-Target")
		return target[strings.LastIndexByte(target, '.')+1:]
	case query:
		return c.form().Get("Action")
	}
	return c.restOperation()
}

// A failure is an error of AWS's API.
type failure struct {
	status        int
	code, message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }
