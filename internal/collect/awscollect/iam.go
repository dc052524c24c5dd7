package awscollect

import (
	"context"
	"encoding/csv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/licit-dev/licit/internal/collect"
)

// iamSection is what IAM authorizes with. ListRoles has how long sessions may last, which
// the details have not.
var iamSection = &section{
	name: "iam", scope: ofAccount, width: 1, read: readIAM,
	operations: calls("iam", "GetAccountAuthorizationDetails", "ListRoles"),
}

// itemsPerPage is the most that IAM puts on a page.
const itemsPerPage = 1000

func readIAM(ctx context.Context, r *reader) error {
	c := iam.NewFromConfig(r.cfg)
	err := known(r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Marker: token, MaxItems: aws.Int32(itemsPerPage)})
		if err != nil {
			return 0, nil, err
		}
		return marked(len(out.UserDetailList)+len(out.GroupDetailList)+len(out.RoleDetailList)+len(out.Policies), out.IsTruncated, out.Marker)
	}))
	if err != nil {
		return err
	}
	return known(r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListRoles(ctx, &iam.ListRolesInput{Marker: token, MaxItems: aws.Int32(itemsPerPage)})
		if err != nil {
			return 0, nil, err
		}
		return marked(len(out.Roles), out.IsTruncated, out.Marker)
	}))
}

// credentialsSection is what users can sign in with. The credential report has all users in
// one answer; only those who have a device are asked about devices. All are asked about keys,
// since the report need not show inactive ones, and has no IDs. It may be four hours old, so that
// it has users who are no more.
var credentialsSection = &section{
	name: "credentials", scope: ofAccount, width: 4, read: readCredentials,
	operations: append(
		calls("iam", "GetCredentialReport", "GetAccountSummary", "GetAccountPasswordPolicy NoSuchEntity",
			"ListVirtualMFADevices", "ListMFADevices NoSuchEntity", "ListAccessKeys NoSuchEntity"),
		operation{service: "iam", name: "GenerateCredentialReport", action: "iam:GenerateCredentialReport", instead: "GetCredentialReport"}),
}

func readCredentials(ctx context.Context, r *reader) error {
	c := iam.NewFromConfig(r.cfg)
	if _, err := c.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{}); known(err) != nil {
		return err
	}
	if _, err := c.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{}); known(err) != nil {
		return err
	}
	err := known(r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{Marker: token, MaxItems: aws.Int32(itemsPerPage)})
		if err != nil {
			return 0, nil, err
		}
		return marked(len(out.VirtualMFADevices), out.IsTruncated, out.Marker)
	}))
	if err != nil {
		return err
	}
	report, err := r.report(ctx, c)
	if err != nil {
		return known(err)
	}
	users, devices, err := usersOf(report)
	if err != nil {
		return err
	}
	err = r.each(ctx, len(devices), func(ctx context.Context, i int) error {
		return known(r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: &devices[i], Marker: token})
			if err != nil {
				return 0, nil, err
			}
			return marked(len(out.MFADevices), out.IsTruncated, out.Marker)
		}))
	})
	if err != nil {
		return err
	}
	return r.each(ctx, len(users), func(ctx context.Context, i int) error {
		return known(r.list(ctx, func(token *string) (int, *string, error) {
			out, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &users[i], Marker: token})
			if err != nil {
				return 0, nil, err
			}
			return marked(len(out.AccessKeyMetadata), out.IsTruncated, out.Marker)
		}))
	})
}

const (
	reportPatience = 2 * time.Minute        // how long a credential report may take
	reportInterval = 500 * time.Millisecond // after which it is asked for first
)

// report has a credential report generated and gets it.
func (r *reader) report(ctx context.Context, c *iam.Client) (string, error) {
	until := time.Now().Add(reportPatience)
	wait := reportInterval
	if b := r.session.options.backoff; b > 0 {
		wait = b
	}
	for {
		out, err := c.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return "", err
		}
		if out.State == types.ReportStateTypeComplete {
			break
		}
		if time.Now().After(until) {
			return "", recordingOf(ctx).fail(&r.section.operations[len(r.section.operations)-1],
				&collect.Failure{Code: collect.CodeNoAnswer, Message: "the credential report is not ready"}, "")
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, reportPatience/8)
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	out, err := c.GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
	if err != nil {
		return "", err
	}
	return string(out.Content), nil
}

// usersOf are the users of a credential report, and those who have MFA devices, in its order.
func usersOf(report string) (users, devices []string, err error) {
	rows := csv.NewReader(strings.NewReader(report))
	rows.FieldsPerRecord = -1
	head, err := rows.Read()
	if err != nil {
		return nil, nil, &collect.Failure{Code: collect.CodeUnexpected, Message: "the credential report has no header"}
	}
	all, err := rows.ReadAll()
	if err != nil {
		return nil, nil, &collect.Failure{Code: collect.CodeUnexpected, Message: "the credential report: " + err.Error()}
	}
	for _, row := range all {
		value := make(map[string]string, len(head))
		for i, name := range head[:min(len(head), len(row))] {
			value[name] = row[i]
		}
		user := value["user"]
		if user == "" || user == "<root_account>" {
			continue
		}
		users = append(users, user)
		if strings.EqualFold(value["mfa_active"], "true") {
			devices = append(devices, user)
		}
	}
	return users, devices, nil
}

// providersSection is who else signs people and workloads in.
var providersSection = &section{
	name: "providers", scope: ofAccount, width: 4, read: readProviders,
	operations: trimmed(calls("iam", "ListSAMLProviders", "GetSAMLProvider", "ListOpenIDConnectProviders", "GetOpenIDConnectProvider"),
		"GetSAMLProvider", func(out *iam.GetSAMLProviderOutput) { out.SAMLMetadataDocument = nil }),
}

func readProviders(ctx context.Context, r *reader) error {
	c := iam.NewFromConfig(r.cfg)
	saml, err := c.ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	if known(err) != nil {
		return err
	}
	if err == nil {
		err = r.each(ctx, len(saml.SAMLProviderList), func(ctx context.Context, i int) error {
			_, err := c.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: saml.SAMLProviderList[i].Arn})
			return known(err)
		})
		if err != nil {
			return err
		}
	}
	oidc, err := c.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(oidc.OpenIDConnectProviderList), func(ctx context.Context, i int) error {
		_, err := c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: oidc.OpenIDConnectProviderList[i].Arn})
		return known(err)
	})
}
