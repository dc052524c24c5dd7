package collect

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
)

// A Rate is how often a service lets an account call it in a Region.
type Rate struct {
	PerSecond float64
	Burst     int // calls at once
	InFlight  int // calls that may wait for their answer at a time; 0: any number
}

// share of a published rate that a load takes: it is not alone in the account.
const share = 0.8

// Limits keep calls below the rates of services: each (service, account, Region) has its
// own token bucket, and so has each operation with a rate of its own. They are for several
// goroutines.
type Limits struct {
	rates     map[string]Rate
	otherwise Rate

	mu      sync.Mutex
	buckets map[bucketKey]*rate.Limiter
	slots   map[bucketKey]chan struct{}
}

type bucketKey struct{ name, account, region string }

// NewLimits returns limits with the published rates by service ("iam") or operation
// ("organizations:ListRoots"), and one for services that have none. InFlight is of services
// alone.
func NewLimits(rates map[string]Rate, otherwise Rate) *Limits {
	return &Limits{rates: rates, otherwise: otherwise, buckets: make(map[bucketKey]*rate.Limiter), slots: make(map[bucketKey]chan struct{})}
}

// Wait blocks until one more call of the operation may be sent with credentials of the
// account. The caller calls done when the answer is there. The error is that of the context.
func (l *Limits) Wait(ctx context.Context, service, operation, account, region string) (done func(), err error) {
	tokens, slots := l.bucket(service, operation, account, region)
	if err := tokens.Wait(ctx); err != nil {
		<-ctx.Done() // Wait also gives up when it foresees that
		return nil, context.Cause(ctx)
	}
	if slots == nil {
		return func() {}, nil
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *Limits) bucket(service, operation, account, region string) (*rate.Limiter, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := bucketKey{service, account, region}
	k := all
	r, ok := l.rates[service+":"+operation]
	if ok {
		k.name += ":" + operation
	} else if r, ok = l.rates[service]; !ok {
		r = l.otherwise
	}
	if l.buckets[k] == nil {
		l.buckets[k] = rate.NewLimiter(rate.Limit(r.PerSecond*share), max(1, int(float64(r.Burst)*share)))
	}
	if n := l.rates[service].InFlight; n > 0 && l.slots[all] == nil {
		l.slots[all] = make(chan struct{}, n)
	}
	return l.buckets[k], l.slots[all]
}
