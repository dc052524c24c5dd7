package fakeaws

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// restOperation is the operation of a REST service that the method, the path and the query
// name. It remembers what else they tell.
func (c *call) restOperation() string {
	for part := range strings.SplitSeq(strings.TrimPrefix(c.request.URL.EscapedPath(), "/"), "/") {
		text, err := url.PathUnescape(part)
		if err != nil {
			return ""
		}
		c.path = append(c.path, text)
	}
	c.params = c.request.URL.Query()
	switch c.service.name {
	case "lambda":
		return c.lambdaOperation()
	case "s3control":
		if strings.Join(c.path, "/") == "v20180820/configuration/publicAccessBlock" && c.request.Method == http.MethodGet {
			return "GetPublicAccessBlock"
		}
		return ""
	}
	return c.s3Operation()
}

// lambdaOperation knows the paths that the Lambda API Reference has for functions and tags.
func (c *call) lambdaOperation() string {
	is := func(pattern ...string) bool {
		if len(pattern) != len(c.path) || c.request.Method != http.MethodGet {
			return false
		}
		for i, want := range pattern {
			if want != "*" && want != c.path[i] {
				return false
			}
		}
		return true
	}
	switch {
	case is("2015-03-31", "functions"), is("2015-03-31", "functions", ""):
		return "ListFunctions"
	case is("2015-03-31", "functions", "*", "policy"):
		return "GetPolicy"
	case is("2017-03-31", "tags", "*"):
		return "ListTags"
	}
	return ""
}

// s3Subresources are the operations that a query names.
var s3Subresources = []struct{ parameter, operation string }{
	{"policy", "GetBucketPolicy"}, {"publicAccessBlock", "GetPublicAccessBlock"}, {"tagging", "GetBucketTagging"},
	{"abac", "GetBucketAbac"}, {"object-lock", "GetObjectLockConfiguration"}, {"location", "GetBucketLocation"}, {"list-type", "ListObjectsV2"},
}

// s3Operation expects the bucket in the path, where the SDK puts it for an endpoint that is
// an address.
func (c *call) s3Operation() string {
	bucket := len(c.path) == 1 || len(c.path) == 2 && c.path[1] == ""
	switch {
	case c.path[0] == "" && c.request.Method == http.MethodGet:
		return "ListBuckets"
	case c.request.Method == http.MethodHead && bucket:
		return "HeadBucket"
	case c.request.Method == http.MethodGet && bucket:
		for _, s := range s3Subresources {
			if c.params.Has(s.parameter) {
				return s.operation
			}
		}
	case c.request.Method == http.MethodGet:
		return "GetObject"
	}
	return ""
}

// param is a parameter of the query; nil if it is not there.
func (c *call) param(name string) *string {
	if !c.params.Has(name) {
		return nil
	}
	v := c.params.Get(name)
	return &v
}

// number is a parameter of the query; nil if it is not there or no number.
func (c *call) number(name string) *int32 {
	n, err := strconv.ParseInt(c.params.Get(name), 10, 32)
	if err != nil {
		return nil
	}
	v := int32(n)
	return &v
}

// handleREST registers an operation that reads its input from the path and the query.
func handleREST[O any](s *Server, service, operation string, f func(*call) (*O, error)) {
	s.ops[service+":"+operation] = func(c *call) (response, error) {
		out, err := f(c)
		if err != nil {
			return response{}, err
		}
		return c.service.protocol.encode(c, out), nil
	}
}
