package fakeaws

import (
	"testing"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
)

// A World is the state of AWS that a [Server] answers from.
type World struct {
	Organization org.Spec
	Instance     *identitycenter.Spec // nil: IAM Identity Center is not enabled
	Trails       []cloudtrail.Trail   // their account and home Region are those of the ARN
	Objects      []Object             // in S3 buckets
	Events       []Event              // that LookupEvents finds
	Buckets      map[string]string    // Regions of buckets by name; us-east-1 for others
	// Reader is the name of a role that can be assumed in every active account, although
	// IAM does not list it. Empty: only listed roles can be assumed.
	Reader string
}

// An Object is an object in an S3 bucket.
type Object struct {
	Bucket, Key string
	Body        []byte
	Modified    time.Time
	Metadata    map[string]string
}

// An Event is an event that LookupEvents finds.
type Event struct {
	Account, Region string
	ID, Name        string
	Source          string // such as "iam.amazonaws.com"
	Username        string
	Time            time.Time
	ReadOnly        bool
	Record          string // the CloudTrail record, as JSON
}

// canonical checks w and puts it in the order in which it is answered.
func (w World) canonical(t testing.TB) World {
	t.Helper()
	o, err := org.New(w.Organization)
	if err != nil {
		t.Fatalf("fakeaws: the organization of the world: %v", err)
	}
	w.Organization = o.Spec()
	if w.Instance != nil {
		i, err := identitycenter.New(*w.Instance)
		if err != nil {
			t.Fatalf("fakeaws: the Identity Center instance of the world: %v", err)
		}
		s := i.Spec()
		w.Instance = &s
	}
	return w
}
