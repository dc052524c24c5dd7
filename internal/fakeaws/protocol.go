package fakeaws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// A protocol is one of AWS's wire protocols (smithy.io, “AWS protocols”).
type protocol uint8

const (
	query protocol = iota + 1
	json10
	json11
	restXML
	restJSON
)

// decode reads the body of a request into an input of the SDK.
func (p protocol) decode(c *call, in any) error {
	from := any(map[string]any{})
	switch p {
	case query:
		from = nest(c.form())
	case json10, json11, restJSON:
		if len(c.body) == 0 {
			break
		}
		d := json.NewDecoder(bytes.NewReader(c.body))
		d.UseNumber()
		if err := d.Decode(&from); err != nil {
			return err
		}
	}
	return fill(reflect.ValueOf(in).Elem(), from)
}

// encode writes an output of the SDK.
func (p protocol) encode(c *call, out any) response {
	t := outlineStruct(reflect.ValueOf(out).Elem())
	switch p {
	case query:
		name := c.Operation
		b := append([]byte(nil), "<"+name+`Response xmlns="`+c.service.namespace+`">`...)
		b = appendXML(b, name+"Result", t)
		b = appendXML(b, "ResponseMetadata", object{{name: "RequestId", tree: requestID}})
		return response{http.StatusOK, header("text/xml"), append(b, "</"+name+"Response>"...)}
	case json10:
		return response{http.StatusOK, header("application/x-amz-json-1.0"), appendJSON(nil, t, c.service.lower)}
	case json11:
		return response{http.StatusOK, header("application/x-amz-json-1.1"), appendJSON(nil, t, c.service.lower)}
	}
	return response{http.StatusOK, header("application/json"), appendJSON(nil, t, c.service.lower)}
}

// requestID is that of all requests: nothing depends on it.
const requestID = "00000000-0000-4000-8000-000000000000"

func header(contentType string) http.Header {
	return http.Header{"Content-Type": {contentType}, "X-Amzn-Requestid": {requestID}}
}

// failure writes an error, as the protocol does, and returns its code.
func (c *call) failure(err error) (response, string) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{http.StatusInternalServerError, "InternalFailure", err.Error()}
	}
	switch c.service.protocol {
	case query:
		kind := "Sender"
		if f.status >= 500 {
			kind = "Receiver"
		}
		b := append([]byte(nil), `<ErrorResponse xmlns="`+c.service.namespace+`">`...)
		b = appendXML(b, "Error", object{{name: "Type", tree: kind}, {name: "Code", tree: f.code}, {name: "Message", tree: f.message}})
		b = appendXML(b, "RequestId", requestID)
		return response{f.status, header("text/xml"), append(b, "</ErrorResponse>"...)}, f.code
	case restXML:
		o := object{{name: "Code", tree: f.code}, {name: "Message", tree: f.message}, {name: "RequestId", tree: requestID}, {name: "HostId", tree: requestID}}
		if c.service.name == "s3control" {
			o = object{{name: "Error", tree: o[:2]}, {name: "RequestId", tree: requestID}}
			return response{f.status, header("application/xml"), appendXML(nil, "ErrorResponse", o)}, f.code
		}
		return response{f.status, header("application/xml"), appendXML(nil, "Error", o)}, f.code
	case restJSON:
		h := header("application/json")
		h.Set("X-Amzn-Errortype", f.code)
		return response{f.status, h, appendJSON(nil, object{{name: "Type", tree: "User"}, {name: "Message", tree: f.message}}, false)}, f.code
	}
	h := header("application/x-amz-json-1.1")
	if c.service.protocol == json10 {
		h = header("application/x-amz-json-1.0")
	}
	kind, message := f.code, "Message"
	if c.service.name == "sqs" { // which spoke another protocol once, with other codes
		kind, message = "com.amazonaws.sqs#"+f.code, "message"
		if f.code == "QueueDoesNotExist" {
			h.Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
		}
	}
	if c.service.lower || c.service.name == "kms" {
		message = "message"
	}
	return response{f.status, h, appendJSON(nil, object{{name: "__type", tree: kind}, {name: message, tree: f.message}}, false)}, f.code
}

// unknown is the code for an operation that the service doesn't have.
func (p protocol) unknown() string {
	switch p {
	case query:
		return "InvalidAction"
	case restXML:
		return "NotImplemented"
	}
	return "UnknownOperationException"
}

// invalidToken is the code for credentials that don't exist here: of another partition, or
// of a Region that the account has not enabled.
func (p protocol) invalidToken() string {
	switch p {
	case query:
		return "InvalidClientTokenId"
	case restXML:
		return "InvalidAccessKeyId"
	}
	return "UnrecognizedClientException"
}

// expired is the code for credentials that were valid until now.
func (p protocol) expired() string {
	switch p {
	case query, restXML:
		return "ExpiredToken"
	}
	return "ExpiredTokenException"
}

// form is the body of a request of the query protocol.
func (c *call) form() url.Values {
	v, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return v
}

// nest turns the names of a form, such as "Filter.member.1", into structures and lists.
func nest(form url.Values) map[string]any {
	top := make(map[string]any)
	for name, values := range form {
		if name == "Action" || name == "Version" {
			continue
		}
		at, parts := top, strings.Split(name, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(map[string]any)
			if !ok {
				next = make(map[string]any)
				at[part] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = values[0]
	}
	return lists(top).(map[string]any)
}

// lists turns {"member": {"1": …, "2": …}} into lists.
func lists(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if items, ok := m["member"].(map[string]any); ok && len(m) == 1 {
		list := make([]any, 0, len(items))
		for i := 1; i <= len(items); i++ {
			list = append(list, lists(items[strconv.Itoa(i)]))
		}
		return list
	}
	for name, value := range m {
		m[name] = lists(value)
	}
	return m
}

// invalid is the failure for a request that AWS would not accept.
func invalid(code, format string, args ...any) error {
	return &failure{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}
