package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient lets pass what makes a text bad JSON but takes nothing from its meaning: bad UTF-8,
// which logs have where they cut a user agent off. Duplicate members are an error where they
// are read (strict.object).
var lenient = []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}

// extent returns the length of the JSON value that text begins with.
// It is io.ErrUnexpectedEOF if the text ends before.
func extent(text []byte) (int, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), lenient...)
	if _, err := dec.ReadValue(); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, err
	}
	return int(dec.InputOffset()), nil
}

// A typeError is a member of another type than records have there.
type typeError struct{ path, problem string }

func (e *typeError) Error() string { return e.path + ": " + e.problem }

// A strict decoder reads a record token by token.
type strict struct {
	dec  *jsontext.Decoder
	path string // of the object that is read
	odd  int    // members that may be missing and have another form than they should
}

// strictEvent reads the record that v is. It is the rule that the scanner is measured by.
func strictEvent(v jsontext.Value) (e *Event, odd int, err error) {
	e = &Event{Raw: v}
	s := &strict{dec: jsontext.NewDecoder(bytes.NewBuffer(v), lenient...)}
	err = s.event(e)
	return e, s.odd, err
}

// object reads an object, or null. Each member of a name is given to member, which reads its
// value or returns false.
func (s *strict) object(member func(name string) (bool, error)) error {
	switch kind := s.dec.PeekKind(); kind {
	case jsontext.KindNull:
		return s.dec.SkipValue()
	case jsontext.KindBeginObject:
	default:
		return &typeError{s.path, "is " + kindName(kind) + "; want an object"}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	outer := s.path
	seen := make(map[string]bool)
	for s.dec.PeekKind() == jsontext.KindString {
		t, err := s.dec.ReadToken()
		if err != nil {
			return err
		}
		name := t.String()
		s.path = outer + "/" + name
		at := s.dec.InputOffset()
		known, err := member(name)
		switch {
		case err != nil:
			return err
		case known && seen[name]:
			return &typeError{s.path, "is there twice"}
		case known:
			seen[name] = true
		case s.dec.InputOffset() == at:
			if err := s.dec.SkipValue(); err != nil {
				return err
			}
		}
		s.path = outer
	}
	_, err := s.dec.ReadToken()
	return err
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "true or false"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	}
	return "not JSON"
}

func (s *strict) text(to *string) (bool, error) {
	switch kind := s.dec.PeekKind(); kind {
	case jsontext.KindNull:
		return true, s.dec.SkipValue()
	case jsontext.KindString:
		t, err := s.dec.ReadToken()
		if err != nil {
			return true, err
		}
		*to = t.String()
		return true, nil
	default:
		return true, &typeError{s.path, "is " + kindName(kind) + "; want a string"}
	}
}

// flag reads true, false, or a string that says so.
func (s *strict) flag(to *bool) (bool, error) {
	switch kind := s.dec.PeekKind(); kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		t, err := s.dec.ReadToken()
		if err != nil {
			return true, err
		}
		*to = t.Bool()
		return true, nil
	default:
		var word string
		if _, err := s.text(&word); err != nil {
			return true, &typeError{s.path, "is " + kindName(kind) + "; want true or false"}
		}
		if !flagWord(to, word) {
			return true, &typeError{s.path, fmt.Sprintf("is %.40q; want true or false", word)}
		}
		return true, nil
	}
}

func flagWord(to *bool, word string) bool {
	*to = word == "true" || word == "True" || word == "TRUE"
	return *to || word == "" || word == "false" || word == "False" || word == "FALSE"
}

// word reads a string, or a boolean as one.
func (s *strict) word(to *string) (bool, error) {
	switch s.dec.PeekKind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		t, err := s.dec.ReadToken()
		*to = t.String()
		return true, err
	}
	return s.text(to)
}

func (s *strict) time(to *time.Time) (bool, error) {
	var word string
	if known, err := s.text(&word); err != nil || word == "" {
		return known, err
	}
	t, err := time.Parse(time.RFC3339, word)
	if err != nil {
		// CloudTrail User Guide, “CloudTrail userIdentity element”, has creationDate so.
		t, err = time.Parse("20060102T150405Z", word)
	}
	if err != nil {
		return true, &typeError{s.path, fmt.Sprintf("is %.40q; want a time such as 2024-05-01T10:00:00Z", word)}
	}
	*to = t.UTC()
	return true, nil
}

// optional reads a time that an event does without: one of another form is counted.
func (s *strict) optional(to *time.Time) error {
	if kind := s.dec.PeekKind(); kind != jsontext.KindString && kind != jsontext.KindNull {
		s.odd++
		return s.dec.SkipValue()
	}
	_, err := s.time(to)
	var other *typeError
	if errors.As(err, &other) {
		s.odd++
		return nil
	}
	return err
}

// value takes a value as it is written.
func (s *strict) value(of jsontext.Value, to *jsontext.Value) (bool, error) {
	null := s.dec.PeekKind() == jsontext.KindNull
	v, err := s.dec.ReadValue()
	if err == nil && !null {
		end := s.dec.InputOffset()
		*to = of[end-int64(len(v)) : end : end]
	}
	return true, err
}

func (s *strict) event(e *Event) error {
	return s.object(func(name string) (bool, error) {
		switch name {
		case "eventID":
			return s.text(&e.ID)
		case "sharedEventID":
			return s.text(&e.SharedID)
		case "requestID":
			return s.text(&e.RequestID)
		case "eventTime":
			return s.time(&e.Time)
		case "eventSource":
			return s.text(&e.Source)
		case "eventName":
			return s.text(&e.Name)
		case "awsRegion":
			return s.text(&e.Region)
		case "recipientAccountId":
			return s.text(&e.Account)
		case "eventType":
			return s.text(&e.Type)
		case "eventCategory":
			return s.text(&e.Category)
		case "readOnly":
			return s.flag(&e.ReadOnly)
		case "userIdentity":
			return true, s.identity(&e.Identity)
		case "sourceIPAddress":
			return s.text(&e.SourceIP)
		case "userAgent":
			return s.text(&e.UserAgent)
		case "errorCode":
			return s.text(&e.ErrorCode)
		case "errorMessage":
			return s.text(&e.ErrorMessage)
		case "resources":
			return true, s.resources(&e.Resources)
		case "vpcEndpointId":
			return s.text(&e.VPCEndpoint)
		case "vpcEndpointAccountId":
			return s.text(&e.VPCEndpointAccount)
		case "tlsDetails":
			return true, s.object(func(name string) (bool, error) {
				return name == "tlsVersion", s.when(name == "tlsVersion", s.text, &e.TLSVersion)
			})
		case "addendum":
			return true, s.object(func(name string) (bool, error) {
				return name == "reason", s.when(name == "reason", s.text, &e.Addendum)
			})
		case "sessionCredentialFromConsole":
			return s.flag(&e.FromConsole)
		case "requestParameters":
			return s.value(e.Raw, &e.Parameters)
		case "responseElements":
			return s.value(e.Raw, &e.Response)
		case "additionalEventData":
			return s.value(e.Raw, &e.Additional)
		case "serviceEventDetails":
			return s.value(e.Raw, &e.Service)
		case "eventContext":
			return s.value(e.Raw, &e.Context)
		}
		return false, nil
	})
}

func (s *strict) when(is bool, read func(*string) (bool, error), to *string) error {
	if !is {
		return nil
	}
	_, err := read(to)
	return err
}

func (s *strict) identity(i *Identity) error {
	if s.dec.PeekKind() == jsontext.KindString {
		var word string
		if _, err := s.text(&word); err != nil || word != Hidden {
			return &typeError{s.path, "is a string; want an object"}
		}
		i.Type = Hidden
		return nil
	}
	return s.object(func(name string) (bool, error) {
		switch name {
		case "type":
			return s.text(&i.Type)
		case "principalId":
			return s.text(&i.PrincipalID)
		case "arn":
			return s.text(&i.ARN)
		case "accountId":
			return s.text(&i.AccountID)
		case "accessKeyId":
			return s.text(&i.AccessKey)
		case "userName":
			return s.text(&i.UserName)
		case "invokedBy":
			return s.text(&i.InvokedBy)
		case "identityProvider":
			return s.text(&i.IdentityProvider)
		case "credentialId":
			return s.text(&i.CredentialID)
		case "sessionContext":
			return true, s.session(i)
		case "onBehalfOf":
			return true, s.object(func(name string) (bool, error) {
				switch name {
				case "userId":
					return s.text(&i.OnBehalfOf.UserID)
				case "identityStoreArn":
					return s.text(&i.OnBehalfOf.IdentityStoreARN)
				}
				return false, nil
			})
		}
		return false, nil
	})
}

func (s *strict) session(i *Identity) error {
	return s.object(func(name string) (bool, error) {
		switch name {
		case "sourceIdentity":
			return s.text(&i.SourceIdentity)
		case "ec2RoleDelivery":
			return s.text(&i.EC2Role)
		case "assumedRoot":
			return s.flag(&i.AssumedRoot)
		case "sessionIssuer":
			return true, s.object(func(name string) (bool, error) {
				switch name {
				case "type":
					return s.text(&i.Issuer.Type)
				case "principalId":
					return s.text(&i.Issuer.PrincipalID)
				case "arn":
					return s.text(&i.Issuer.ARN)
				case "accountId":
					return s.text(&i.Issuer.AccountID)
				case "userName":
					return s.text(&i.Issuer.UserName)
				}
				return false, nil
			})
		case "webIdFederationData":
			return true, s.object(func(name string) (bool, error) {
				return name == "federatedProvider", s.when(name == "federatedProvider", s.text, &i.Provider)
			})
		case "attributes":
			return true, s.object(func(name string) (bool, error) {
				switch name {
				case "mfaAuthenticated":
					return s.word(&i.MFA)
				case "creationDate":
					return true, s.optional(&i.SessionCreated)
				}
				return false, nil
			})
		}
		return false, nil
	})
}

func (s *strict) resources(to *[]Resource) error {
	switch kind := s.dec.PeekKind(); kind {
	case jsontext.KindNull:
		return s.dec.SkipValue()
	case jsontext.KindBeginArray:
	default:
		return &typeError{s.path, "is " + kindName(kind) + "; want an array"}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	for s.dec.PeekKind() != jsontext.KindEndArray {
		var r Resource
		var prefix string
		if err := s.object(func(name string) (bool, error) {
			switch name {
			case "ARN":
				return s.text(&r.ARN)
			case "ARNPrefix":
				return s.text(&prefix)
			case "accountId":
				return s.text(&r.AccountID)
			case "type":
				return s.text(&r.Type)
			}
			return false, nil
		}); err != nil {
			return err
		}
		*to = append(*to, r.withPrefix(prefix))
	}
	_, err := s.dec.ReadToken()
	return err
}

func (r Resource) withPrefix(prefix string) Resource {
	if r.ARN == "" && prefix != "" {
		r.ARN, r.Prefix = prefix, true
	}
	return r
}
