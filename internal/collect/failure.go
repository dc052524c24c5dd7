package collect

import (
	"errors"
	"fmt"
	"slices"
)

// A Failure is an operation that AWS did not answer, or not with what was asked for.
type Failure struct {
	Code    string // AWS's error code, or one of the Code constants
	Message string
}

// Codes of failures that AWS has no code for.
const (
	CodeNoAnswer     = "NoAnswer"     // no answer came, or not a whole one
	CodeTooLarge     = "TooLarge"     // an answer, or a whole unit, is larger than any real one
	CodeEndlessPages = "EndlessPages" // a list that does not end
	CodeWrongAccount = "WrongAccount" // a role answers for another account than the one it was assumed in
	CodeUnexpected   = "Unexpected"   // the answer lacks what it must have
)

// Error is the code and the message.
func (f *Failure) Error() string {
	if f.Message == "" {
		return f.Code
	}
	return f.Code + ": " + f.Message
}

// IsRegionOff reports whether the code is what services answer in a Region that is not
// enabled, where nobody's credentials are known (Account Management Reference, “Enable or
// disable AWS Regions”). It is also what they answer for credentials that are not valid.
func (f *Failure) IsRegionOff() bool {
	return slices.Contains([]string{"OptInRequired", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId", "IllegalLocationConstraintException"}, f.Code)
}

// IsExpired reports whether the credentials are no longer valid.
func (f *Failure) IsExpired() bool {
	return slices.Contains([]string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}, f.Code)
}

// A Fatal ends a whole load: nothing else would succeed either.
type Fatal struct{ Err error }

// Error is the text of Err.
func (f *Fatal) Error() string { return f.Err.Error() }

// Unwrap is Err.
func (f *Fatal) Unwrap() error { return f.Err }

// IsFatal reports whether err holds a [Fatal].
func IsFatal(err error) bool {
	_, ok := errors.AsType[*Fatal](err)
	return ok
}

// fatalf is a Fatal of a text.
func fatalf(format string, args ...any) error { return &Fatal{fmt.Errorf(format, args...)} }
