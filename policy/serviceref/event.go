package serviceref

import (
	"iter"

	"github.com/licit-dev/licit/policy"
)

// An Event is an API call in CloudTrail's words. Its eventType is AwsApiCall; other types
// need no action.
type Event struct {
	Source string // eventSource: "s3.amazonaws.com"
	Name   string // eventName: "GetObject"
	// HasParameter says whether requestParameters has a member. It is asked for the few
	// calls whose action depends on one, such as S3's versionId; nil: not known.
	HasParameter func(name string) bool
}

// A Certainty says how an event and an action go together. The zero Certainty is
// [Unknown].
type Certainty uint8

// How certain it is that the call was authorised as the action.
const (
	Unknown   Certainty = iota // no such action is known; it is only named after the event
	Certain                    // always
	Sometimes                  // for some parameters of the call
	AnyOf                      // one of the event's actions with this mark
)

// EventAction is one action that a call was authorised as.
type EventAction struct {
	Action    policy.Action
	Certainty Certainty
}

// EventInfo is what is known of a CloudTrail event.
type EventInfo struct {
	Actions  []EventAction // empty if the call needs none
	NoAction string        // why the call needs no permission; "" if it needs one
}

// Event returns the actions that a call was authorised as. It always has an answer: an
// event that is not known gives prefix:Name with [Unknown].
func (r *Reference) Event(e Event) EventInfo { return EventInfo{} }

// EventServices yields the service prefixes whose calls CloudTrail records under an event
// source, in the order in which their actions are to be tried.
func (r *Reference) EventServices(source string) iter.Seq[string] { return func(func(string) bool) {} }
