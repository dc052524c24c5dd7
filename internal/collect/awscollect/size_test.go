package awscollect_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

// large is an organization of 500 accounts in 40 OUs with 120 policies.
func large(roles int) fakeaws.World {
	allow := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::logs/*"}]}`)
	trust := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`)
	all := []string{org.FullAWSAccess, org.RCPFullAWSAccess}
	s := org.Spec{ID: "o-exampleorgid", ManagementAccount: management, DelegatedAdministrators: []org.DelegatedAdministrator{}, TrustedServices: []string{},
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Attached: all}}
	for i := range 40 {
		s.Root.OUs = append(s.Root.OUs, org.OU{ID: fmt.Sprintf("ou-ab12-%08d", i), Name: fmt.Sprintf("OU %d", i), Attached: slices.Clone(all)})
	}
	for i := range 118 { // and the two of AWS
		kind := policy.ServiceControl
		if i%4 == 0 {
			kind = policy.ResourceControl
		}
		id := fmt.Sprintf("p-%08d", i)
		text := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}`
		if kind == policy.ResourceControl {
			text = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"*"}]}`
		}
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Name: id, Kind: kind, Document: document(text)})
		ou := &s.Root.OUs[i%40]
		ou.Attached = append(ou.Attached, id)
	}
	for i := range 500 {
		id := management
		if i > 0 {
			id = fmt.Sprintf("%012d", 200000000000+i)
		}
		a := org.Account{ID: id, Name: "Account " + id, Email: id + "@example.com", State: "ACTIVE", Attached: all,
			Policies: []org.ManagedPolicy{{ARN: arn("arn:aws:iam::" + id + ":policy/reader"), Document: allow}}}
		for n := range roles {
			name := fmt.Sprintf("arn:aws:iam::%s:role/app-%d", id, n)
			a.Roles = append(a.Roles, org.Role{ARN: arn(name), ID: fmt.Sprintf("AROA%016d", i*1000+n), Trust: trust, Created: day(1), MaxSession: time.Hour,
				Attached: []policy.ARN{a.Policies[0].ARN}, Inline: []org.InlinePolicy{{Name: "logs", Document: allow}}})
		}
		s.Accounts = append(s.Accounts, a)
		if i == 0 {
			s.Root.Accounts = append(s.Root.Accounts, id)
			continue
		}
		ou := &s.Root.OUs[i%40]
		ou.Accounts = append(ou.Accounts, id)
	}
	return fakeaws.World{Organization: s, Reader: "Reader"}
}

func callsOf(s *fakeaws.Server, service string) (n, throttled int) {
	for _, c := range s.Calls() {
		if c.Service != service {
			continue
		}
		n++
		if c.Code == "TooManyRequestsException" {
			throttled++
		}
	}
	return n, throttled
}

// An organization is read by its policies, not by its accounts.
func TestCallsOfALargeOrganization(t *testing.T) {
	w := large(0)
	s := fakeaws.New(t, w)
	o := options(t)
	o.Sections = []string{"organization", "organization-policies"}
	_, e := load(t, s, o)
	n, _ := callsOf(s, "organizations")
	require.LessOrEqual(t, n, 400)
	t.Logf("%d calls of Organizations for 500 accounts, 40 OUs and 120 policies", n)
	want, err := org.New(w.Organization)
	require.NoError(t, err)
	require.Equal(t, want.Spec().Root, e.Organization.Spec().Root)
}

// BenchmarkLoad loads 500 accounts of 20 roles each from a server that throttles as AWS
// says it does.
func BenchmarkLoad(b *testing.B) {
	for _, bench := range []struct {
		name     string
		sections []string
	}{
		{"organization", []string{"organization", "organization-policies"}},
		{"all/regions=1", nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			w := large(20)
			for b.Loop() {
				s := fakeaws.New(b, w)
				s.LimitAsPublished()
				var most atomic.Uint64
				o := awscollect.Options{Dir: b.TempDir(), Role: "Reader", Regions: []string{"us-east-1"}, Sections: bench.sections,
					Progress: func(e collect.Event) {
						var m runtime.MemStats
						if e.Done%100 == 0 {
							runtime.ReadMemStats(&m)
							most.Store(max(most.Load(), m.HeapAlloc))
						}
					}}
				start := time.Now()
				r, err := awscollect.Load(b.Context(), s.Config(b, management), o)
				require.NoError(b, err)
				loaded := time.Since(start)
				_, err = awsexport.Read(r.FS)
				require.NoError(b, err)
				n, throttled := callsOf(s, "organizations")
				b.ReportMetric(float64(n), "org-calls")
				b.ReportMetric(float64(throttled), "throttled")
				b.ReportMetric(float64(len(s.Calls())), "calls")
				b.ReportMetric(loaded.Seconds(), "load-s")
				b.ReportMetric(float64(most.Load())/1e6, "heap-MB")
			}
		})
	}
}
