package awscollect

import (
	"encoding/json"
	"errors"
	"io/fs"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/org"
)

// A state is what units learn from the records of others, read just now or by an earlier
// load.
type state struct {
	store *collect.Store

	people         bool // identity stores are read, or young enough
	noOrganization bool
	accounts       map[string]string // their states by ID
	accountsKnown  bool              // all of them
	policyTypes    []string          // enabled ones that authorize
	typesKnown     bool              // all of them
}

// organization reads who is in the organization and which policy types are enabled.
func (s *state) organization(from *session, wanted bool) error {
	if !wanted {
		return nil
	}
	u := collect.Unit{Account: from.caller, Section: organizationSection.name}
	outcome, _, err := s.store.Get(u)
	if err != nil {
		return err
	}
	s.noOrganization = outcome.State == org.Absent
	s.accounts = make(map[string]string)
	failed := false
	err = s.store.Records(u, func(r collect.Record) error {
		switch {
		case r.Operation != "ListAccounts" && r.Operation != "ListRoots":
			return nil
		case r.Error != nil:
			failed = failed || r.Operation == "ListAccounts"
			return nil
		}
		var out struct {
			Accounts []struct{ Id, State, Status string }
			Roots    []struct {
				PolicyTypes []struct{ Type, Status string }
			}
		}
		if err := json.Unmarshal(r.Output, &out); err != nil {
			return err
		}
		for _, a := range out.Accounts {
			s.accountsKnown = true
			if a.State == "" { // Status is its older name, and coarser
				a.State = a.Status
			}
			s.accounts[a.Id] = a.State
		}
		for _, root := range out.Roots {
			s.typesKnown = true
			for _, t := range root.PolicyTypes {
				if t.Status == "ENABLED" && (t.Type == "SERVICE_CONTROL_POLICY" || t.Type == "RESOURCE_CONTROL_POLICY") {
					s.policyTypes = append(s.policyTypes, t.Type)
				}
			}
		}
		return nil
	})
	s.accountsKnown = s.accountsKnown && !failed
	sort.Strings(s.policyTypes)
	return err
}

// principals are the users and groups of an identity store, if all are known: what an
// earlier load read may lack some.
func (s *state) principals(account, region, store string) (list []principal, all bool, err error) {
	if !s.people {
		return nil, false, nil
	}
	u := collect.Unit{Account: account, Region: region, Section: storeSection.name}
	outcome, _, err := s.store.Get(u)
	if errors.Is(err, fs.ErrNotExist) || err == nil && outcome.State != org.Complete {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	err = s.store.Records(u, func(r collect.Record) error {
		if r.Operation != "ListUsers" && r.Operation != "ListGroups" {
			return nil
		}
		var in struct{ IdentityStoreId string }
		var out struct {
			Users  []struct{ UserId string }
			Groups []struct{ GroupId string }
		}
		if err := errors.Join(json.Unmarshal(r.Input, &in), json.Unmarshal(r.Output, &out)); err != nil {
			return err
		}
		if in.IdentityStoreId != store {
			return nil
		}
		for _, u := range out.Users {
			list = append(list, principal{u.UserId, types.PrincipalTypeUser})
		}
		for _, g := range out.Groups {
			list = append(list, principal{g.GroupId, types.PrincipalTypeGroup})
		}
		return nil
	})
	return list, true, err
}
