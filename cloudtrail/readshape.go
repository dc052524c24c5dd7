package cloudtrail

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// A shape is what the members of an object tell that it is.
type shape struct {
	record     bool
	polled     bool           // a record that Lambda was called with: of a queue, a stream, a bucket
	digest     bool           // a digest file
	list       bool           // a document of many events
	detailType string         // of EventBridge
	detail     jsontext.Value // what it is about; or what is wrapped as it is
	text       jsontext.Value // a string that has the event
	data       jsontext.Value // a string that has it in base64
}

func shapeOf(v jsontext.Value) (s shape) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(v), lenient...)
	if _, err := dec.ReadToken(); err != nil {
		return shape{}
	}
	for dec.PeekKind() == jsontext.KindString {
		t, err := dec.ReadToken()
		if err != nil {
			return shape{}
		}
		name := t.String()
		value, err := dec.ReadValue()
		if err != nil {
			return shape{}
		}
		end := dec.InputOffset()
		value = v[end-int64(len(value)) : end : end]
		kind := value.Kind()
		switch name {
		case "eventVersion", "eventName", "eventTime", "eventCategory":
			s.record = true
		case "eventSource":
			s.record = true
			s.polled = s.polled || bytes.HasPrefix(value, []byte(`"aws:`))
		case "detail-type":
			s.detailType = string(unquote(value))
		case "detail", "kinesis", "awslogs", "Sns":
			if kind == '{' {
				s.detail = value
				if name != "detail" {
					s.detailType = "CloudTrail"
				}
			}
		case "CloudTrailEvent", "message", "@message", "Message", "body", "Body":
			if kind == '"' {
				s.text = value
			}
		case "data":
			if kind == '"' {
				s.data = value
			}
		case "digestS3Object", "digestStartTime", "PublicKeyList":
			s.digest = true
		case "Metadata": // of the object of a digest, as s3api head-object prints it
			s.digest = s.digest || bytes.Contains(value, []byte(`"signature-algorithm"`))
		default:
			if lists[name] && kind == '[' {
				s.list = true
			}
		}
	}
	s.record = s.record && !s.polled
	return s
}
