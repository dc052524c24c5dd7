package fakeaws_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
)

// Whatever the organization: its control policies are read where they are attached, and the
// documents of its roles as they were written, with pages of any size.
func TestGeneratedOrganization(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o, err := org.New(gen.Organization(r))
		if err != nil {
			r.Skip(err)
		}
		spec := o.Spec()
		s := fakeaws.New(t, fakeaws.World{Organization: spec})
		s.PageSize = rapid.IntRange(1, 4).Draw(r, "page")
		if rapid.Bool().Draw(r, "empty page") {
			s.Inject(fakeaws.Fault{Kind: fakeaws.EmptyPage})
		}
		cfg := s.Config(t, spec.ManagementAccount)
		wanted, wantedRoles := make(map[string][]string), make(map[string]string)
		want(spec.Root.ID, spec.Root.Attached, spec.Root.OUs, wanted)
		for _, a := range spec.Accounts {
			for _, id := range a.Attached {
				wanted[id] = append(wanted[id], a.ID)
			}
			for _, role := range a.Roles {
				wantedRoles[role.ARN.String()] = string(role.Trust.Source())
			}
		}
		got, err := targets(t.Context(), cfg)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(wanted, got, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
			r.Fatalf("targets (-want +got):\n%s", diff)
		}
		roles := make(map[string]string)
		for _, a := range spec.Accounts {
			if err := trusts(t.Context(), s.Config(t, a.ID), roles); err != nil {
				r.Fatal(err)
			}
		}
		if diff := cmp.Diff(wantedRoles, roles); diff != "" {
			r.Fatalf("trust policies (-want +got):\n%s", diff)
		}
	})
}

// want collects the targets of control policies by their ID, from the root and its OUs.
func want(id string, attached []string, ous []org.OU, into map[string][]string) {
	for _, p := range attached {
		into[p] = append(into[p], id)
	}
	for _, ou := range ous {
		want(ou.ID, ou.Attached, ou.OUs, into)
	}
}

// targets reads the targets of all control policies that have some.
func targets(ctx context.Context, cfg aws.Config) (map[string][]string, error) {
	c, out := organizations.NewFromConfig(cfg), make(map[string][]string)
	for _, filter := range []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy} {
		for p := organizations.NewListPoliciesPaginator(c, &organizations.ListPoliciesInput{Filter: filter}); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, policy := range page.Policies {
				for p := organizations.NewListTargetsForPolicyPaginator(c, &organizations.ListTargetsForPolicyInput{PolicyId: policy.Id}); p.HasMorePages(); {
					page, err := p.NextPage(ctx)
					if err != nil {
						return nil, err
					}
					for _, target := range page.Targets {
						out[*policy.Id] = append(out[*policy.Id], *target.TargetId)
					}
				}
			}
		}
	}
	return out, nil
}

// trusts reads the trust policies of the roles of an account.
func trusts(ctx context.Context, cfg aws.Config, into map[string]string) error {
	for p := iam.NewGetAccountAuthorizationDetailsPaginator(iam.NewFromConfig(cfg), nil); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range page.RoleDetailList {
			if into[*r.Arn], err = url.PathUnescape(*r.AssumeRolePolicyDocument); err != nil {
				return err
			}
		}
	}
	return nil
}
