package fakeaws

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/licit-dev/licit/org"
)

func registerCredentials(s *Server) {
	handle(s, "iam", "GenerateCredentialReport", generateReport)
	handle(s, "iam", "GetCredentialReport", getReport)
	handle(s, "iam", "GetAccountSummary", accountSummary)
	handle(s, "iam", "GetAccountPasswordPolicy", passwordPolicy)
	handle(s, "iam", "GetUser", getUser)
	handle(s, "iam", "ListMFADevices", listMFADevices)
	handle(s, "iam", "ListVirtualMFADevices", listVirtualMFADevices)
	handle(s, "iam", "ListAccessKeys", listAccessKeys)
	handle(s, "iam", "GetAccessKeyLastUsed", accessKeyLastUsed)
}

// date is nil for a time that is not known.
func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// generateReport starts a report when it is first asked, and has it ready from then on.
func generateReport(c *call, _ *iam.GenerateCredentialReportInput) (*iam.GenerateCredentialReportOutput, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.reports[c.Account]++
	if c.s.reports[c.Account] == 1 {
		return &iam.GenerateCredentialReportOutput{State: types.ReportStateTypeStarted, Description: aws.String("No report exists. Starting a new report generation task")}, nil
	}
	return &iam.GenerateCredentialReportOutput{State: types.ReportStateTypeComplete}, nil
}

func getReport(c *call, _ *iam.GetCredentialReportInput) (*iam.GetCredentialReportOutput, error) {
	c.s.mu.Lock()
	asked := c.s.reports[c.Account]
	c.s.mu.Unlock()
	switch asked {
	case 0:
		return nil, &failure{410, "ReportNotPresent", "The credential report does not exist."}
	case 1:
		return nil, &failure{404, "ReportInProgress", "The credential report is still being generated."}
	}
	return &iam.GetCredentialReportOutput{Content: report(c.account()), ReportFormat: types.ReportFormatTypeTextCsv, GeneratedTime: &joined}, nil
}

const reportColumns = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
	"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
	"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"

// report is the credential report of an account. Users whose credentials are not known have
// no row, and a single fact that is not known is "not_supported".
func report(a *org.Account) []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(strings.Split(reportColumns, ",")) // a Builder has no errors
	if a.RootUser != nil {
		row := []string{"<root_account>", "arn:aws:iam::" + a.ID + ":root", reportDate(joined)}
		row = append(row, "not_supported", rootPasswordUsed(a.RootUser.Password), "not_supported", "not_supported")
		_ = w.Write(append(row, reportRest(a.RootUser)...))
	}
	for _, u := range a.Users {
		if u.Credentials == nil {
			continue
		}
		_, name := pathAndName(u.ARN)
		row := []string{*name, u.ARN.String(), reportDate(u.Created)}
		row = append(row, reportPassword(u.Credentials.Password)...)
		_ = w.Write(append(row, reportRest(u.Credentials)...))
	}
	w.Flush()
	return []byte(b.String())
}

func reportDate(t time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	return t.UTC().Format("2006-01-02T15:04:05-07:00")
}

func rootPasswordUsed(p *org.Password) string {
	if p == nil || p.Used.At.IsZero() {
		return "no_information"
	}
	return reportDate(p.Used.At)
}

func reportPassword(p *org.Password) []string {
	if p == nil {
		return []string{"not_supported", "no_information", "not_supported", "not_supported"}
	}
	used := reportDate(p.Used.At)
	if p.Enabled && p.Used.At.IsZero() {
		used = "no_information"
	}
	return []string{strconv.FormatBool(p.Enabled), used, reportDate(p.Changed), reportDate(p.NextRotation)}
}

// reportRest is what follows the password: MFA, two slots of keys, two of certificates.
func reportRest(c *org.Credentials) []string {
	row := []string{"not_supported"}
	if c.MFA != nil {
		row[0] = strconv.FormatBool(c.MFA.Active)
	}
	none := func(known bool, dates int) {
		active := "false"
		if !known {
			active = "not_supported"
		}
		row = append(row, active)
		for range dates {
			row = append(row, "N/A")
		}
	}
	orNA := func(s string) string {
		if s == "" {
			return "N/A"
		}
		return s
	}
	for i := range 2 {
		if i >= len(c.AccessKeys) {
			none(c.AccessKeys != nil, 4)
			continue
		}
		k := c.AccessKeys[i]
		row = append(row, strconv.FormatBool(k.Active), reportDate(k.Created), reportDate(k.Used.At), orNA(k.Used.Region), orNA(k.Used.Service))
	}
	for i := range 2 {
		if i >= len(c.Certificates) {
			none(c.Certificates != nil, 1)
			continue
		}
		row = append(row, strconv.FormatBool(c.Certificates[i].Active), reportDate(c.Certificates[i].Created))
	}
	return row
}

func accountSummary(c *call, _ *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
	a := c.account()
	local := 0
	for _, p := range a.Policies {
		if p.ARN.AccountID() == a.ID {
			local++
		}
	}
	m := map[string]int32{
		"Users": int32(len(a.Users)), "Groups": int32(len(a.Groups)), "Roles": int32(len(a.Roles)), "Policies": int32(local),
		"Providers": int32(len(a.Providers)), "UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500,
	}
	if r := a.RootUser; r != nil {
		m["AccountSigningCertificatesPresent"] = present(r.Certificates)
		m["AccountAccessKeysPresent"] = present(r.AccessKeys)
		if r.MFA != nil && r.MFA.Active {
			m["AccountMFAEnabled"] = 1
		} else {
			m["AccountMFAEnabled"] = 0
		}
		if r.Password != nil {
			m["AccountPasswordPresent"] = 0
			if r.Password.Enabled {
				m["AccountPasswordPresent"] = 1
			}
		}
	}
	return &iam.GetAccountSummaryOutput{SummaryMap: m}, nil
}

func present[T any](list []T) int32 { return int32(min(len(list), 1)) }

func passwordPolicy(c *call, _ *iam.GetAccountPasswordPolicyInput) (*iam.GetAccountPasswordPolicyOutput, error) {
	p := c.account().PasswordPolicy
	if p == nil || p.Default {
		return nil, noSuchEntity("The Password Policy with domain name %s cannot be found.", c.Account)
	}
	out := &types.PasswordPolicy{
		AllowUsersToChangePassword: p.UsersMayChange, ExpirePasswords: p.MaxAge > 0, HardExpiry: &p.HardExpiry,
		MinimumPasswordLength: aws.Int32(int32(p.MinimumLength)), RequireLowercaseCharacters: p.RequireLowercase,
		RequireNumbers: p.RequireNumbers, RequireSymbols: p.RequireSymbols, RequireUppercaseCharacters: p.RequireUppercase,
	}
	if p.MaxAge > 0 {
		out.MaxPasswordAge = aws.Int32(int32(p.MaxAge))
	}
	if p.RememberLast > 0 {
		out.PasswordReusePrevention = aws.Int32(int32(p.RememberLast))
	}
	return &iam.GetAccountPasswordPolicyOutput{PasswordPolicy: out}, nil
}

// user finds a user of the account by name.
func user(c *call, name *string) (org.User, error) {
	for _, u := range c.account().Users {
		if _, n := pathAndName(u.ARN); strings.EqualFold(*n, aws.ToString(name)) {
			return u, nil
		}
	}
	return org.User{}, noSuchEntity("The user with name %s cannot be found.", aws.ToString(name))
}

// getUser without a name is about the caller, who must be a user (IAM API Reference,
// GetUser).
func getUser(c *call, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	if in.UserName == nil {
		if caller := c.caller(); strings.HasSuffix(caller, ":user/collector") {
			return &iam.GetUserOutput{User: &types.User{
				Arn: &caller, Path: aws.String("/"), UserName: aws.String("collector"), UserId: aws.String(c.userID()), CreateDate: &joined,
			}}, nil
		}
		return nil, invalid("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	u, err := user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	d := userDetail(u)
	out := &types.User{
		Arn: d.Arn, Path: d.Path, UserName: d.UserName, UserId: d.UserId, CreateDate: d.CreateDate, PermissionsBoundary: d.PermissionsBoundary, Tags: d.Tags,
	}
	if u.Credentials != nil && u.Credentials.Password != nil {
		out.PasswordLastUsed = date(u.Credentials.Password.Used.At)
	}
	return &iam.GetUserOutput{User: out}, nil
}

func devices(c *org.Credentials) []org.MFADevice {
	if c == nil || c.MFA == nil {
		return nil
	}
	return c.MFA.Devices
}

func listMFADevices(c *call, in *iam.ListMFADevicesInput) (*iam.ListMFADevicesOutput, error) {
	u, err := user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	_, name := pathAndName(u.ARN)
	list := []types.MFADevice{}
	for _, d := range devices(u.Credentials) {
		list = append(list, types.MFADevice{UserName: name, SerialNumber: &d.Serial, EnableDate: date(d.Enabled)})
	}
	page, next, err := cut(c, list, in.Marker, size(in.MaxItems), 1000)
	return &iam.ListMFADevicesOutput{MFADevices: page, IsTruncated: next != nil, Marker: next}, err
}

// listVirtualMFADevices lists the devices of users and of the root user. The model has no
// device that is assigned to nobody.
func listVirtualMFADevices(c *call, in *iam.ListVirtualMFADevicesInput) (*iam.ListVirtualMFADevicesOutput, error) {
	a := c.account()
	list := []types.VirtualMFADevice{}
	add := func(of *org.Credentials, user types.User) {
		for _, d := range devices(of) {
			if strings.Contains(d.Serial, ":mfa/") && in.AssignmentStatus != types.AssignmentStatusTypeUnassigned {
				list = append(list, types.VirtualMFADevice{SerialNumber: &d.Serial, EnableDate: date(d.Enabled), User: &user})
			}
		}
	}
	add(a.RootUser, types.User{Arn: aws.String("arn:aws:iam::" + a.ID + ":root"), UserId: &a.ID, CreateDate: &joined})
	for _, u := range a.Users {
		d := userDetail(u)
		add(u.Credentials, types.User{Arn: d.Arn, UserId: d.UserId, UserName: d.UserName, Path: d.Path, CreateDate: d.CreateDate})
	}
	page, next, err := cut(c, list, in.Marker, size(in.MaxItems), 1000)
	return &iam.ListVirtualMFADevicesOutput{VirtualMFADevices: page, IsTruncated: next != nil, Marker: next}, err
}

func listAccessKeys(c *call, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	u, err := user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	_, name := pathAndName(u.ARN)
	list := []types.AccessKeyMetadata{}
	if u.Credentials != nil {
		for _, k := range u.Credentials.AccessKeys {
			status := types.StatusTypeInactive
			if k.Active {
				status = types.StatusTypeActive
			}
			list = append(list, types.AccessKeyMetadata{UserName: name, AccessKeyId: known(k.ID), Status: status, CreateDate: date(k.Created)})
		}
	}
	page, next, err := cut(c, list, in.Marker, size(in.MaxItems), 1000)
	return &iam.ListAccessKeysOutput{AccessKeyMetadata: page, IsTruncated: next != nil, Marker: next}, err
}

// accessKeyLastUsed says N/A for a key that was never used (IAM API Reference,
// AccessKeyLastUsed).
func accessKeyLastUsed(c *call, in *iam.GetAccessKeyLastUsedInput) (*iam.GetAccessKeyLastUsedOutput, error) {
	for _, u := range c.account().Users {
		if u.Credentials == nil {
			continue
		}
		for _, k := range u.Credentials.AccessKeys {
			if k.ID == "" || k.ID != aws.ToString(in.AccessKeyId) {
				continue
			}
			_, name := pathAndName(u.ARN)
			used := &types.AccessKeyLastUsed{LastUsedDate: date(k.Used.At), Region: aws.String("N/A"), ServiceName: aws.String("N/A")}
			if k.Used.Region != "" {
				used.Region = &k.Used.Region
			}
			if k.Used.Service != "" {
				used.ServiceName = &k.Used.Service
			}
			return &iam.GetAccessKeyLastUsedOutput{UserName: name, AccessKeyLastUsed: used}, nil
		}
	}
	return nil, &failure{403, "AccessDenied", "User: " + c.caller() + " is not authorized to perform: iam:GetAccessKeyLastUsed"}
}
