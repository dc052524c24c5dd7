package fakeaws

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Server is AWS, on the loopback interface. Its methods may be called concurrently with
// requests.
type Server struct {
	// URL is where it listens: "http://127.0.0.1:PORT".
	URL string
	// PageSize is the most that a page of any list holds. 0: as many as AWS returns. Set it
	// before the first request.
	PageSize int

	world    World
	accounts map[string]*org.Account
	nodes    []node
	ops      map[string]handler
	client   *http.Client // of all configurations

	mu       sync.Mutex
	calls    []Call
	faults   []*fault
	limits   []*limit
	sessions map[string]session // by access key ID
	behind   map[string]string  // accounts whose roles lead into another one
	reports  map[string]int     // how often accounts asked for their credential report
}

// A Call is a request that the server answered, or refused.
type Call struct {
	Service   string // as the AWS CLI names it, such as "sso-admin"
	Operation string
	Account   string // whose credentials signed it
	Region    string
	Code      string // of the error that it was answered with; empty: none
}

// A session is what AssumeRole hands out.
type session struct{ role, name, token string }

// A call is a request while it is served.
type call struct {
	Call
	s       *Server
	service *service
	access  string // access key ID
	request *http.Request
	body    []byte
	path    []string   // of a REST request
	params  url.Values // of a REST request
	empty   emptiness
}

// A handler serves one operation.
type handler func(c *call) (response, error)

// A response is written when no fault prevents it.
type response struct {
	status int
	header http.Header
	body   []byte
}

// New starts a server with this world, which must be a valid one. It ends with the test.
func New(t testing.TB, w World) *Server {
	t.Helper()
	s := &Server{
		world: w.canonical(t), accounts: make(map[string]*org.Account), ops: make(map[string]handler),
		client: client(), sessions: make(map[string]session), behind: make(map[string]string), reports: make(map[string]int),
	}
	spec := &s.world.Organization
	for i := range spec.Accounts {
		s.accounts[spec.Accounts[i].ID] = &spec.Accounts[i]
	}
	s.nodes = nodes(spec)
	for _, register := range []func(*Server){
		registerSTS, registerOrganizations, registerIAM, registerCredentials, registerSSO, registerIdentityStore,
		registerResources, registerMessaging, registerS3, registerCloudTrail,
	} {
		register(s)
	}
	h := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		h.Close()
	})
	s.URL = h.URL
	return s
}

// Calls returns what was asked so far, in the order in which it was answered.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Forget empties the record of calls.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c, err := s.route(r)
	var out response
	var f *fault
	if err == nil {
		if f, err = s.before(c); err == nil {
			out, err = s.dispatch(c)
		}
	}
	if err != nil {
		out, c.Code = c.failure(err)
	}
	s.mu.Lock()
	s.calls = append(s.calls, c.Call)
	s.mu.Unlock()
	if f != nil && f.spoil(w, r, out) {
		return
	}
	header := w.Header()
	for name, values := range out.header {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body) // a client that has gone is its own business
	}
}

func (s *Server) dispatch(c *call) (response, error) {
	h, ok := s.ops[c.Service+":"+c.Operation]
	if !ok {
		return response{}, &failure{http.StatusBadRequest, c.service.protocol.unknown(), "fakeaws serves no " + c.Service + ":" + c.Operation}
	}
	return h(c)
}

// route finds out what is asked, by whom and where. The call is usable for a failure even if
// there is an error.
func (s *Server) route(r *http.Request) (*call, error) {
	c := &call{s: s, request: r, service: &services[0]}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return c, &failure{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error()}
	}
	c.body = body
	scope := strings.Split(credential(r), "/") // key ID, date, Region, service, "aws4_request"
	if len(scope) != 5 {
		return c, &failure{http.StatusForbidden, "MissingAuthenticationToken", "the request has no credential scope"}
	}
	c.access, c.Region = scope[0], scope[2]
	if len(c.access) >= 16 {
		c.Account = c.access[4:16]
	}
	c.service = serviceOf(scope[3], r)
	if c.service == nil {
		c.service = &services[0]
		return c, &failure{http.StatusNotFound, "UnknownService", "fakeaws serves no " + scope[3]}
	}
	c.Service = c.service.name
	c.Operation = c.service.operation(c)
	return c, s.authenticate(c)
}

// credential is the credential scope of the signature.
func credential(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ := strings.Cut(rest, ",")
	return scope
}

// authenticate checks that the access key is one that this world has: AKIA and the ID of an
// account, or one of a session.
func (s *Server) authenticate(c *call) error {
	invalid := &failure{http.StatusForbidden, c.service.protocol.invalidToken(), "The security token included in the request is invalid."}
	if s.accounts[c.Account] == nil {
		return invalid
	}
	switch {
	case c.access == accessKey(c.Account):
		return nil
	case strings.HasPrefix(c.access, "ASIA"):
		s.mu.Lock()
		defer s.mu.Unlock()
		if held, ok := s.sessions[c.access]; ok && held.token == c.request.Header.Get("X-Amz-Security-Token") {
			return nil
		}
	}
	return invalid
}

func accessKey(account string) string { return "AKIA" + account }

// account is the account of the credentials.
func (c *call) account() *org.Account { return c.s.accounts[c.Account] }

// handle registers a typed handler of an operation of one of the protocols in which the
// whole input and output are bodies.
func handle[I, O any](s *Server, service, operation string, f func(c *call, in *I) (*O, error)) {
	s.ops[service+":"+operation] = func(c *call) (response, error) {
		in := new(I)
		if err := c.service.protocol.decode(c, in); err != nil {
			return response{}, &failure{http.StatusBadRequest, "SerializationException", err.Error()}
		}
		out, err := f(c, in)
		if err != nil {
			return response{}, err
		}
		return c.service.protocol.encode(c, out), nil
	}
}

// A node is the root, an OU or an account of the tree.
type node struct {
	kind     string // "ROOT", "ORGANIZATIONAL_UNIT" or "ACCOUNT"
	id, name string
	parent   string
	path     string // "o-…/r-…/ou-…/"
	attached []string
}

// nodes lists the tree from the top, parents first.
func nodes(s *org.Spec) []node {
	if s.Root.ID == "" {
		return nil
	}
	names := make(map[string]*org.Account)
	for i := range s.Accounts {
		names[s.Accounts[i].ID] = &s.Accounts[i]
	}
	var list []node
	var walk func(parent *node, kind, id, name string, attached, accounts []string, ous []org.OU)
	walk = func(parent *node, kind, id, name string, attached, accounts []string, ous []org.OU) {
		n := node{kind: kind, id: id, name: name, parent: parent.id, path: parent.path + id + "/", attached: attached}
		list = append(list, n)
		for _, account := range accounts {
			a := names[account]
			list = append(list, node{kind: "ACCOUNT", id: account, name: a.Name, parent: id, path: n.path + account + "/", attached: a.Attached})
		}
		for _, ou := range ous {
			walk(&n, "ORGANIZATIONAL_UNIT", ou.ID, ou.Name, ou.Attached, ou.Accounts, ou.OUs)
		}
	}
	walk(&node{path: s.ID + "/"}, "ROOT", s.Root.ID, "Root", s.Root.Attached, s.Root.Accounts, s.Root.OUs)
	return list
}

// source is the text of a document.
func source(d *policy.Document) string { return string(d.Source()) }
