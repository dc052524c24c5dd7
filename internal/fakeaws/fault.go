package fakeaws

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// A Kind is what a [Fault] does.
type Kind uint8

// The kinds of faults.
const (
	Fail       Kind = iota // answers with Status and Code; 500 and InternalFailure if they are zero
	Throttle               // refuses as the service does when it is asked too often
	Deny                   // refuses as the service does when a policy denies, or nothing allows
	Expired                // says that the credentials have expired
	RegionOff              // says that it doesn't know the credentials, as in a Region that is not enabled
	Slow                   // answers after Delay
	Cut                    // breaks the connection in the middle of the body
	Huge                   // sends a gigabyte of white space before the body
	EmptyPage              // puts an empty page with a token before the pages of a list
	EmptyPages             // sends nothing but empty pages with tokens
	Circle                 // gives the last page of a list the token of the first
)

// A Match says which calls are meant. Empty members match all.
type Match struct{ Service, Operation, Account, Region string }

func (m Match) has(c Call) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(m.Service, c.Service) && is(m.Operation, c.Operation) && is(m.Account, c.Account) && is(m.Region, c.Region)
}

// A Fault is something that goes wrong.
type Fault struct {
	Match
	Kind   Kind
	After  int // so many matching calls go well first
	Times  int // so many fail then; 0: all
	Code   string
	Status int
	Delay  time.Duration
}

type fault struct {
	Fault
	seen int
}

// due reports whether the fault strikes the call that comes now.
func (f *fault) due() bool {
	f.seen++
	return f.seen > f.After && (f.Times == 0 || f.seen <= f.After+f.Times)
}

// A limit is a token bucket for each account and Region.
type limit struct {
	Match
	rate    rate.Limit
	burst   int
	buckets map[[2]string]*rate.Limiter
}

// Inject makes something go wrong from now on. Of the faults that match a call and are due,
// the one that was injected first strikes.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{Fault: f})
}

// Heal takes all faults away. Limits stay.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Limit throttles calls that match m, which share a token bucket for each account and
// Region: perSecond tokens a second, at most burst of them.
func (s *Server) Limit(m Match, perSecond float64, burst int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = append(s.limits, &limit{m, rate.Limit(perSecond), burst, make(map[[2]string]*rate.Limiter)})
}

// before lets faults strike before a call is served. It returns a fault that spoils the
// answer.
func (s *Server) before(c *call) (*fault, error) {
	f, throttled := s.strike(c)
	if throttled {
		return nil, &c.service.throttled
	}
	if f == nil {
		return nil, nil
	}
	switch f.Kind {
	case Throttle:
		return nil, &c.service.throttled
	case Deny:
		return nil, c.denied()
	case Expired:
		return nil, &failure{http.StatusBadRequest, c.service.protocol.expired(), "The security token included in the request is expired"}
	case RegionOff:
		return nil, &failure{http.StatusForbidden, c.service.protocol.invalidToken(), "The security token included in the request is invalid."}
	case Fail:
		status, code := f.Status, f.Code
		if status == 0 {
			status = http.StatusInternalServerError
		}
		if code == "" {
			code = "InternalFailure"
		}
		return nil, &failure{status, code, "fault injected by the test"}
	case Slow:
		select {
		case <-time.After(f.Delay):
		case <-c.request.Context().Done():
		}
	case EmptyPage:
		c.empty = once
	case EmptyPages:
		c.empty = forever
	case Circle:
		c.empty = circle
	case Cut, Huge:
		return f, nil
	}
	return nil, nil
}

// strike counts the call with every fault and limit that matches.
func (s *Server) strike(c *call) (first *fault, throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.has(c.Call) && f.due() && first == nil {
			first = f
		}
	}
	for _, l := range s.limits {
		if !l.has(c.Call) {
			continue
		}
		key := [2]string{c.Account, c.Region}
		if l.buckets[key] == nil {
			l.buckets[key] = rate.NewLimiter(l.rate, l.burst)
		}
		throttled = !l.buckets[key].Allow() || throttled
	}
	return first, throttled
}

// denied is how the service says no to this call.
func (c *call) denied() error {
	f := c.service.denied
	if f.message == "" {
		f.message = "User: " + c.caller() + " is not authorized to perform: " + c.service.signing + ":" + c.Operation +
			" because no identity-based policy allows the " + c.service.signing + ":" + c.Operation + " action"
	}
	return &f
}

// spoil sends something else than out. It reports whether it did.
func (f *fault) spoil(w http.ResponseWriter, r *http.Request, out response) bool {
	for name, values := range out.header {
		w.Header()[name] = values
	}
	switch f.Kind {
	case Cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
		w.WriteHeader(out.status)
		_, _ = w.Write(out.body[:len(out.body)/2])
		_ = http.NewResponseController(w).Flush() // what is not sent is a connection that closes before the answer
		panic(http.ErrAbortHandler)
	case Huge:
		w.WriteHeader(out.status)
		huge(w, r, out.body)
		return true
	}
	return false
}

// huge sends a gigabyte of white space, which JSON and XML allow there, and then the body.
func huge(w http.ResponseWriter, r *http.Request, body []byte) {
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 1 << 10 {
		if r.Context().Err() != nil {
			return
		}
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_, _ = w.Write(body)
}
