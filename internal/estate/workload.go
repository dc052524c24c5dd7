package estate

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Workload is a benchmark input that was recorded once: a role with its policies, a
// resource, and requests with the outcome of each.
type Workload struct {
	OrgID   string
	OrgPath []struct { // from the root down to the account of the role; none is an account alone
		ID, Type, Name string
		SCPs           []WorkloadPolicy
	}
	Principal struct {
		ARN       policy.ARN
		AccountID string
		Tags      map[string]string
		Attached  []WorkloadPolicy
		Boundary  *WorkloadPolicy
	}
	Resource struct {
		ARN       policy.ARN
		AccountID string
		Policy    json.RawMessage
	}
	Requests []struct { // of the role for the resource
		Name, Action, Expect string
		Context              map[string]string
	}
}

// A WorkloadPolicy is a policy of a [Workload].
type WorkloadPolicy struct {
	Name     string
	ARN      policy.ARN
	Document json.RawMessage
}

// ReadWorkload reads the workload in a file, such as simulate/testdata/workloads/w1.json.
func ReadWorkload(fsys fs.FS, file string) (*Workload, error) {
	src, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	w := new(Workload)
	if err := json.Unmarshal(src, w); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return w, nil
}

// Keys are the condition keys of one request.
func (w *Workload) Keys(request int) map[string][]string {
	m := map[string][]string{}
	for k, v := range w.Requests[request].Context {
		m[k] = []string{v}
	}
	return m
}

// Organization is the account of the role, below its path.
func (w *Workload) Organization() (*org.Organization, error) {
	s, err := w.spec()
	if err != nil {
		return nil, err
	}
	return org.New(s)
}

func (w *Workload) spec() (org.Spec, error) {
	account, err := w.account()
	if err != nil {
		return org.Spec{}, err
	}
	s := org.Spec{ID: w.OrgID}
	if len(w.OrgPath) == 0 {
		s.Accounts = []org.Account{account}
		return s, nil
	}
	management := org.Account{ID: "999999999999", Attached: []string{org.FullAWSAccess}}
	s.ManagementAccount = management.ID
	attached := make([][]string, len(w.OrgPath))
	seen := map[string]bool{}
	for level, node := range w.OrgPath {
		for _, p := range node.SCPs {
			id := "p-" + p.Name
			attached[level] = append(attached[level], id)
			if seen[id] {
				continue
			}
			seen[id] = true
			d, err := policy.Parse(p.Document)
			if err != nil {
				return org.Spec{}, fmt.Errorf("%s: %w", p.Name, err)
			}
			s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Name: p.Name, Kind: policy.ServiceControl, Document: d})
		}
	}
	last := len(w.OrgPath) - 1
	account.Attached = attached[last]
	s.Root = org.Root{ID: w.OrgPath[0].ID, PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: attached[0], Accounts: []string{management.ID}}
	ous := []org.OU{}
	for i := last - 1; i > 0; i-- {
		ou := org.OU{ID: w.OrgPath[i].ID, Name: w.OrgPath[i].Name, Attached: attached[i], OUs: ous}
		if i == last-1 {
			ou.Accounts = []string{account.ID}
		}
		ous = []org.OU{ou}
	}
	s.Root.OUs = ous
	s.Accounts = []org.Account{account, management}
	return s, nil
}

// account has the role, its policies, the bucket of the resource, and the endpoint that the
// context of w2 names.
func (w *Workload) account() (org.Account, error) {
	account := org.Account{ID: w.Principal.AccountID, Endpoints: []org.Endpoint{{ID: "vpce-0a1b2c3d"}}}
	role := org.Role{ARN: w.Principal.ARN, Tags: w.Principal.Tags}
	managed := w.Principal.Attached
	for _, p := range managed {
		role.Attached = append(role.Attached, p.ARN)
	}
	if b := w.Principal.Boundary; b != nil {
		managed = append(managed[:len(managed):len(managed)], *b)
		role.Boundary = b.ARN
	}
	for _, p := range managed {
		d, err := policy.Parse(p.Document)
		if err != nil {
			return org.Account{}, fmt.Errorf("%s: %w", p.Name, err)
		}
		account.Policies = append(account.Policies, org.ManagedPolicy{ARN: p.ARN, Document: d})
	}
	account.Roles = []org.Role{role}
	bucket := org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::data-lake-prod")}
	if w.Resource.Policy != nil {
		d, err := policy.Parse(w.Resource.Policy)
		if err != nil {
			return org.Account{}, fmt.Errorf("%s: %w", w.Resource.ARN, err)
		}
		bucket.Policy = d
	}
	account.Resources = []org.Resource{bucket}
	return account, nil
}
