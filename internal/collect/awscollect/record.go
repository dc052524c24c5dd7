package awscollect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/licit-dev/licit/internal/collect"
)

// A recording is where the calls of a context are recorded.
type recording struct {
	to   *collect.Recorder
	last collect.Record // the newest call, without its answer
}

type recordingKey struct{}

func record(ctx context.Context, to *collect.Recorder) context.Context {
	return context.WithValue(ctx, recordingKey{}, &recording{to: to})
}

func recordingOf(ctx context.Context) *recording {
	r, _ := ctx.Value(recordingKey{}).(*recording)
	return r
}

// recorded is an error that stands in the records: the unit is partial, and goes on.
type recorded struct{ *collect.Failure }

func (r *recorded) Unwrap() error { return r.Failure }

// known is nil for an error that stands in the records.
func known(err error) error {
	if _, ok := errors.AsType[*recorded](err); ok {
		return nil
	}
	return err
}

// codeOf is the code of an error that stands in the records.
func codeOf(err error) string {
	if r, ok := errors.AsType[*recorded](err); ok {
		return r.Code
	}
	return ""
}

// record is the middleware that keeps what is asked and answered. It lets pass what the
// table of the section has, and nothing else: so the table is what a load does.
func (r *reader) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	service, name := called(ctx)
	op, ok := r.section.operation(service, name)
	to := recordingOf(ctx)
	if !ok || to == nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("%s:%s is not in the table of section %s", service, name, r.section.name)
	}
	input, err := marshal(in.Parameters)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	to.last = collect.Record{Service: service, Operation: name, Account: r.account, Region: r.region, Input: input}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err != nil {
		return out, metadata, r.failed(ctx, op, to, err)
	}
	if op.instead != "" {
		return out, metadata, nil
	}
	rec := to.last
	result := out.Result
	if op.trim != nil {
		result = op.trim(result)
	}
	if rec.Output, err = marshal(result); err != nil {
		return out, metadata, err
	}
	return out, metadata, to.to.Add(rec, "")
}

// recorded is cfg with calls recorded.
func (r *reader) recorded(cfg aws.Config) aws.Config {
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("licit:record", r.record), middleware.After)
	})
	return cfg
}

// failed records an error, unless it concerns more than this call.
func (r *reader) failed(ctx context.Context, op *operation, to *recording, err error) error {
	if ctx.Err() != nil || collect.IsFatal(err) {
		return err
	}
	f := failureOf(err)
	if f.IsExpired() && r.account == r.session.caller {
		return &collect.Fatal{Err: fmt.Errorf("the credentials are no longer good: %w", f)}
	}
	if f.IsRegionOff() {
		if err := r.session.check(ctx, r.account); err != nil {
			return err
		}
		switch {
		case r.region == "":
		case f.Code == "OptInRequired":
			return &collect.Skip{Reason: "Region " + r.region + " is not enabled (" + f.Code + ")"}
		case r.session.partition == "aws" && !collect.IsAlwaysOn(r.region):
			// So are refused, where the Region is on, the session tokens of the global endpoint of
			// AWS STS (IAM User Guide, “Manage AWS STS in an AWS Region”).
			return to.fail(op, f, "; the Region is not enabled, or does not take these session tokens")
		}
	}
	return to.fail(op, f, "")
}

// fail records that the newest call failed. hint is for people.
func (to *recording) fail(op *operation, f *collect.Failure, hint string) error {
	rec := to.last
	rec.Error = &collect.RecordError{Code: f.Code, Message: f.Message}
	if op.instead != "" {
		rec.Operation, rec.Input = op.instead, nil
	}
	reason := f.Code + ": " + op.action + hint
	if op.isAbsent(f.Code) {
		reason = ""
	}
	if err := to.to.Add(rec, reason); err != nil {
		return err
	}
	return &recorded{f}
}

// tokens are the members of inputs and outputs that are another's in each load, or say
// where a list is cut. Lists are recorded as a whole or not at all. The size of pages stays:
// without one SQS lists a thousand queues and no more.
var tokens = []string{"NextToken", "Marker", "NextMarker", "ContinuationToken", "IsTruncated", "Truncated", "ResultMetadata"}

// marshal writes an input or output with the API's names, without members that are absent.
func marshal(v any) (json.RawMessage, error) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("%T is not what the SDK calls with", v)
	}
	c := reflect.New(p.Elem().Type()).Elem()
	c.Set(p.Elem())
	for _, name := range tokens {
		if f := c.FieldByName(name); f.IsValid() {
			f.SetZero()
		}
	}
	return jsonv2.Marshal(c.Addr().Interface(), jsonv2.OmitZeroStructFields(true), jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true),
		jsonv2.WithMarshalers(jsonv2.MarshalToFunc(memberID)))
}

// memberID writes the union of the members of a group as the API does.
func memberID(e *jsontext.Encoder, m *identitystoretypes.MemberIdMemberUserId) error {
	return jsonv2.MarshalEncode(e, map[string]string{"UserId": m.Value})
}
