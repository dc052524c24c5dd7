package awscollect

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/licit-dev/licit/internal/collect"
)

// failureOf is what an error of the SDK says; nil for nil. The request ID is left out: it
// is another one each time.
func failureOf(err error) *collect.Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*collect.Failure](err); ok {
		return f
	}
	if isTooLarge(err) {
		return &collect.Failure{Code: collect.CodeTooLarge, Message: errTooLarge.Error()}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return &collect.Failure{Code: clip(api.ErrorCode(), longestCode), Message: clip(api.ErrorMessage(), longestMessage)}
	}
	text := err.Error()
	if i := strings.LastIndex(text, "exceeded maximum number of attempts"); i >= 0 {
		text = text[i:]
	}
	return &collect.Failure{Code: collect.CodeNoAnswer, Message: text}
}

// Codes and messages are kept as far as those of AWS go.
const (
	longestCode    = 128
	longestMessage = 4096
)

func clip(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
