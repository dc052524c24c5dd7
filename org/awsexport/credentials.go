package awsexport

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// facts are what answers told of who can sign in to an account.
type facts struct {
	report       map[string]*org.Credentials // of a credential report, by ARN of the user; nil: no report
	devices      map[string][]org.MFADevice  // by user name; "" is the root user
	keys         map[string][]org.AccessKey  // by user name
	used         map[string]org.Usage        // by access key ID
	summary      map[string]int
	policy       *org.PasswordPolicy
	providers    map[policy.ARN]*org.Provider
	passwordUses map[string]org.Usage // by user name
	rootUsed     org.Usage            // the password of the root user, of which the report does not say whether there is one
}

func credentialOperations() []*operation {
	list := []*operation{
		{name: "GetCredentialReport", section: sectionCredentials, members: []string{"Content"}, sign: []string{"Content", "ReportFormat"}, owner: ownerOfReport, read: readReport},
		{name: "GetAccountSummary", section: sectionCredentials, members: []string{"SummaryMap"}, sign: []string{"SummaryMap"}, read: readSummary},
		{name: "GetAccountPasswordPolicy", section: sectionCredentials, members: []string{"PasswordPolicy"}, sign: []string{"PasswordPolicy"}, absent: []string{noSuchEntity}, read: readPasswordPolicy},
		{name: "ListVirtualMFADevices", section: sectionCredentials, subject: func(r *record) string { return r.in(-1, "AssignmentStatus") }, members: []string{"VirtualMFADevices"}, sign: []string{"VirtualMFADevices"}, owner: ownerOfVirtual, read: readVirtual},
		{name: "ListMFADevices", section: sectionCredentials, args: []string{"UserName"}, subject: userOf("MFADevices"), rows: "MFADevices", members: []string{"MFADevices"}, sign: []string{"MFADevices"}, read: readDevices},
		{name: "ListAccessKeys", section: sectionCredentials, args: []string{"UserName"}, subject: userOf("AccessKeyMetadata"), rows: "AccessKeyMetadata", members: []string{"AccessKeyMetadata"}, sign: []string{"AccessKeyMetadata"}, read: readKeys},
		{name: "GetAccessKeyLastUsed", section: sectionCredentials, args: []string{"AccessKeyId"}, members: []string{"AccessKeyLastUsed"}, sign: []string{"AccessKeyLastUsed"}, read: readKeyUse},
		{name: "GetLoginProfile", section: sectionCredentials, args: []string{"UserName"}, members: []string{"LoginProfile"}, rows: "LoginProfile", sign: []string{"LoginProfile"}, absent: []string{noSuchEntity}},
		{name: "ListUsers", section: sectionCredentials, subject: pathPrefix, members: []string{"Users"}, sign: []string{"Users"}, element: "Arn", owner: ownerIn("Users"), read: readPasswordUses},
		{name: "ListSAMLProviders", section: sectionProviders, members: []string{"SAMLProviderList"}, sign: []string{"SAMLProviderList"}, owner: ownerIn("SAMLProviderList"), read: readSAMLProviders},
		{name: "GetSAMLProvider", late: true, section: sectionProviders, args: []string{"SAMLProviderArn"}, members: []string{"SAMLMetadataDocument", "ValidUntil", "CreateDate"}, sign: []string{"SAMLMetadataDocument"}, read: readSAMLProvider},
		{name: "ListOpenIDConnectProviders", section: sectionProviders, members: []string{"OpenIDConnectProviderList"}, sign: []string{"OpenIDConnectProviderList"}, owner: ownerIn("OpenIDConnectProviderList"), read: readOIDCProviders},
		{name: "GetOpenIDConnectProvider", late: true, section: sectionProviders, args: []string{"OpenIDConnectProviderArn"}, members: []string{"Url", "ClientIDList", "ThumbprintList"}, sign: []string{"ThumbprintList"}, read: readOIDCProvider},
	}
	for _, op := range list {
		op.service = "iam"
	}
	return list
}

const noSuchEntity = "NoSuchEntity"

// userOf tells whose list it is: as the input says, or else the rows.
func userOf(list string) func(*record) string {
	return func(r *record) string {
		if name := r.in(0, "UserName"); name != "" {
			return name
		}
		for v := range r.output.get(list).each() {
			return v.get("UserName").text()
		}
		return ""
	}
}

// report is the CSV of a credential report, which the API wraps in base64.
func report(r *record) ([]byte, error) {
	text := r.output.get("Content").text()
	if strings.HasPrefix(text, "user,") {
		return []byte(text), nil
	}
	return base64.StdEncoding.DecodeString(text)
}

func ownerOfReport(r *record) string {
	src, err := report(r)
	if err != nil {
		return ""
	}
	rows, _ := rowsOf(src)
	for _, row := range rows {
		if a, err := policy.ParseARN(row["arn"]); err == nil {
			return a.AccountID()
		}
	}
	return ""
}

func readReport(s *state, r *record) {
	src, err := report(r)
	if err != nil {
		s.fail(r.output.get("Content"), "is not base64: %w", err)
		return
	}
	s.rows(r, src)
}

// csvFile reads a credential report that was unpacked into a file of its own.
func (s *state) csvFile(name string, src []byte) {
	if !bytes.HasPrefix(src, []byte("user,arn,")) {
		s.note(name, "not recognised: a credential report begins with the columns user and arn")
		return
	}
	n := nameOf(name)
	r := n.record(s, operations["iam:GetCredentialReport"])
	r.at = value{s: &source{File: name}, to: s}
	rows, _ := rowsOf(src)
	for _, row := range rows {
		if a, err := policy.ParseARN(row["arn"]); err == nil {
			if r.account != "" && r.account != a.AccountID() {
				s.fail(r.at, "this is of account %s, and stands for account %s; want each account's answers under its own ID", a.AccountID(), r.account)
				return
			}
			r.account = a.AccountID()
			break
		}
	}
	if !s.locate(r) {
		return
	}
	s.call(s.keyOf(r)).page(r)
	s.rows(r, src)
}

// rowsOf reads a CSV by the names of its columns: newer reports have more of them.
func rowsOf(src []byte) (rows []map[string]string, err error) {
	in := csv.NewReader(bytes.NewReader(src))
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return nil, err
	}
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err == nil && len(fields) != len(head) {
			line, _ := in.FieldPos(0)
			err = fmt.Errorf("line %d has %d of %d columns", line, len(fields), len(head))
		}
		if err != nil {
			return rows, err
		}
		row := make(map[string]string, len(head))
		for i, name := range head {
			row[name] = fields[i]
		}
		rows = append(rows, row)
	}
}

func (s *state) rows(r *record, src []byte) {
	rows, err := rowsOf(src)
	if err != nil {
		s.call(s.keyOf(r)).fail(fmt.Sprintf("%s: the report is cut off: %v", r.at.s.File, err))
	}
	f := &s.account(r.account).facts
	if f.report == nil {
		f.report = make(map[string]*org.Credentials)
	}
	for _, row := range rows {
		a, err := policy.ParseARN(row["arn"])
		if err != nil || a.AccountID() != r.account {
			s.fail(r.at, "the report of account %s has a user with the ARN %q", r.account, row["arn"])
			return
		}
		s.partitionIs(r.at, a)
		s.once(r, r.at, "the row of "+a.String()+" in the credential report", fmt.Sprint(row)) // in the order of the columns' names
		f.report[a.String()] = s.credentials(r, row)
	}
}

// credentials reads a row of the report.
func (s *state) credentials(r *record, row map[string]string) *org.Credentials {
	c := new(org.Credentials)
	yes := func(column string) (on, ok bool) {
		switch strings.ToLower(row[column]) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
		return false, false
	}
	date := func(column string) time.Time {
		text := row[column]
		switch text {
		case "", "N/A", "no_information", "not_supported":
			return time.Time{}
		}
		t, ok := parseTime(text)
		if !ok {
			s.fail(r.at, "the report has %q as %s of %s; want a time", text, column, row["arn"])
		}
		return t
	}
	// IAM User Guide, “Generate credential reports for your AWS account”: N/A and no_information
	// of a last use say that there is none, which includes uses before AWS kept record of them.
	usage := func(prefix, suffix string) org.Usage {
		u := org.Usage{At: date(prefix + suffix)}
		if text := row[prefix+suffix]; text == "N/A" || text == "no_information" {
			u.Never = true
		}
		for column, to := range map[string]*string{"_region": &u.Region, "_service": &u.Service} {
			if text := row[prefix+column]; text != "N/A" && text != "not_supported" && text != "no_information" {
				*to = text
			}
		}
		return u
	}
	if on, ok := yes("password_enabled"); ok {
		c.Password = &org.Password{Enabled: on}
		if on {
			c.Password.Changed, c.Password.NextRotation = date("password_last_changed"), date("password_next_rotation")
			if c.Password.Used = usage("password_last_used", ""); row["password_last_used"] == "N/A" {
				c.Password.Used = org.Usage{} // says that there is no password
			}
		}
	} else if strings.HasSuffix(row["arn"], ":root") {
		s.account(r.account).facts.rootUsed = usage("password_last_used", "")
	}
	if on, ok := yes("mfa_active"); ok {
		c.MFA = &org.MFA{Active: on}
	}
	// A slot without an active key, or certificate, has no date, so that one that is inactive
	// need not show (same page). What has more than two of a kind has them nowhere in the row.
	keys, certificates := 0, 0 // slots that the report tells of
	for _, n := range []string{"1", "2"} {
		if on, ok := yes("access_key_" + n + "_active"); ok {
			keys++
			if at := date("access_key_" + n + "_last_rotated"); on || !at.IsZero() {
				c.AccessKeys = append(c.AccessKeys, org.AccessKey{Active: on, Created: at, Used: usage("access_key_"+n+"_last_used", "_date")})
			}
		}
		if on, ok := yes("cert_" + n + "_active"); ok {
			certificates++
			if at := date("cert_" + n + "_last_rotated"); on || !at.IsZero() {
				c.Certificates = append(c.Certificates, org.Certificate{Active: on, Created: at})
			}
		}
	}
	more := !slices.Contains([]string{"", "N/A", "no_information", "not_supported"}, row["additional_credentials_info"])
	if keys < 2 || more {
		c.AccessKeys = nil
	}
	if certificates < 2 || more {
		c.Certificates = nil
	}
	return c
}

func readSummary(s *state, r *record) {
	s.once(r, r.at, "the account summary of "+r.account, r.output.get("SummaryMap").canonical())
	f := &s.account(r.account).facts
	f.summary = make(map[string]int)
	for name, v := range r.output.get("SummaryMap").members() {
		if v.want(jsontree.Number) {
			f.summary[name] = v.number()
		}
	}
}

func readPasswordPolicy(s *state, r *record) {
	v := r.output.get("PasswordPolicy")
	// AWS leaves out what is not set of ages and reuse alone (IAM API Reference, “PasswordPolicy”).
	for _, name := range []string{"MinimumPasswordLength", "RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters", "AllowUsersToChangePassword"} {
		if !v.get(name).is() {
			s.call(s.keyOf(r)).fail(v.place() + ": there is no " + name)
			return
		}
	}
	s.once(r, v, "the password policy of "+r.account, v.canonical())
	s.account(r.account).facts.policy = &org.PasswordPolicy{
		MinimumLength: v.get("MinimumPasswordLength").number(), RequireSymbols: v.get("RequireSymbols").isTrue(),
		RequireNumbers: v.get("RequireNumbers").isTrue(), RequireUppercase: v.get("RequireUppercaseCharacters").isTrue(),
		RequireLowercase: v.get("RequireLowercaseCharacters").isTrue(), UsersMayChange: v.get("AllowUsersToChangePassword").isTrue(),
		MaxAge: v.get("MaxPasswordAge").number(), RememberLast: v.get("PasswordReusePrevention").number(), HardExpiry: v.get("HardExpiry").isTrue(),
	}
}

func ownerOfVirtual(r *record) string {
	for v := range r.output.get("VirtualMFADevices").each() {
		if id := firstText(accountIn(v.get("User").get("Arn")), accountIn(v.get("SerialNumber"))); id != "" {
			return id
		}
	}
	return ""
}

func readVirtual(s *state, r *record) {
	for v := range r.output.get("VirtualMFADevices").each() {
		user := v.get("User")
		if !user.is() {
			continue // nobody's
		}
		name := user.get("UserName").text()
		if strings.HasSuffix(user.get("Arn").text(), ":root") {
			name = ""
		} else if name == "" {
			name = setID(user.get("Arn").text())
		}
		s.device(r.account, name, v)
	}
}

func (s *state) device(account, user string, v value) {
	f := &s.account(account).facts
	d := org.MFADevice{Serial: v.get("SerialNumber").text(), Enabled: v.get("EnableDate").time()}
	if f.devices == nil {
		f.devices = make(map[string][]org.MFADevice)
	}
	if !slices.ContainsFunc(f.devices[user], func(e org.MFADevice) bool { return e.Serial == d.Serial }) {
		f.devices[user] = append(f.devices[user], d)
	}
}

func readDevices(s *state, r *record) {
	for v := range r.output.get("MFADevices").each() {
		s.device(r.account, firstText(v.get("UserName").text(), r.in(0, "UserName")), v)
	}
}

func readKeys(s *state, r *record) {
	f := &s.account(r.account).facts
	if f.keys == nil {
		f.keys = make(map[string][]org.AccessKey)
	}
	for v := range r.output.get("AccessKeyMetadata").each() {
		name := firstText(v.get("UserName").text(), r.in(0, "UserName"))
		status := v.get("Status").text()
		if !slices.Contains([]string{"Active", "Inactive", "Expired"}, status) { // IAM API Reference, “AccessKeyMetadata”
			s.fail(v, "has the Status %q; want Active, Inactive or Expired", status)
			continue
		}
		k := org.AccessKey{ID: v.get("AccessKeyId").text(), Active: status == "Active", Created: v.get("CreateDate").time()}
		if !slices.ContainsFunc(f.keys[name], func(o org.AccessKey) bool { return o.ID == k.ID }) {
			f.keys[name] = append(f.keys[name], k)
		}
	}
}

func readKeyUse(s *state, r *record) {
	f := &s.account(r.account).facts
	if f.used == nil {
		f.used = make(map[string]org.Usage)
	}
	v := r.output.get("AccessKeyLastUsed")
	u := org.Usage{At: v.get("LastUsedDate").time(), Region: v.get("Region").text(), Service: v.get("ServiceName").text()}
	if u.At.IsZero() { // AWS says N/A of the others then
		u = org.Usage{Never: true}
	}
	f.used[r.in(0, "AccessKeyId")] = u
}

// readPasswordUses takes from ListUsers when passwords were used.
func readPasswordUses(s *state, r *record) {
	f := &s.account(r.account).facts
	if f.passwordUses == nil {
		f.passwordUses = make(map[string]org.Usage)
	}
	for v := range r.output.get("Users").each() {
		// Without a date there may be no password, or one that was never used.
		f.passwordUses[v.get("UserName").text()] = org.Usage{At: v.get("PasswordLastUsed").time()}
	}
}

func (f *facts) provider(a policy.ARN) *org.Provider {
	if f.providers == nil {
		f.providers = make(map[policy.ARN]*org.Provider)
	}
	p := f.providers[a]
	if p == nil {
		p = &org.Provider{ARN: a}
		f.providers[a] = p
	}
	return p
}

func readSAMLProviders(s *state, r *record) {
	for v := range r.output.get("SAMLProviderList").each() {
		if a := v.get("Arn").arn(); a.IsValid() {
			p := s.account(r.account).facts.provider(a)
			p.ValidUntil, p.Created = v.get("ValidUntil").time(), v.get("CreateDate").time()
		}
	}
}

// providerOf is the provider that the input or the name of the file tells: files are named
// by the last part of the ARN.
func (s *state) providerOf(r *record, input, kind string) *org.Provider {
	name := r.in(0, input)
	if name == "" {
		s.note(r.at.s.File, "does not say of which provider it is; name the file %s.NAME.json", r.op.command())
		return nil
	}
	if !strings.HasPrefix(name, "arn:") {
		name = "arn:" + s.partition() + ":iam::" + r.account + ":" + kind + "/" + name
	}
	a, err := policy.ParseARN(name)
	if err != nil {
		s.fail(r.at, "%w", err)
		return nil
	}
	return s.account(r.account).facts.provider(a)
}

func readSAMLProvider(s *state, r *record) {
	if p := s.providerOf(r, "SAMLProviderArn", "saml-provider"); p != nil {
		p.ValidUntil, p.Created = r.output.get("ValidUntil").time(), r.output.get("CreateDate").time()
	}
}

func readOIDCProviders(s *state, r *record) {
	for v := range r.output.get("OpenIDConnectProviderList").each() {
		if a := v.get("Arn").arn(); a.IsValid() {
			s.account(r.account).facts.provider(a)
		}
	}
}

func readOIDCProvider(s *state, r *record) {
	if p := s.providerOf(r, "OpenIDConnectProviderArn", "oidc-provider"); p != nil {
		p.URL, p.ClientIDs, p.Thumbprints = r.output.get("Url").text(), r.output.get("ClientIDList").texts(), r.output.get("ThumbprintList").texts()
		p.Created = r.output.get("CreateDate").time()
	}
}

// facts puts what is known of credentials where it belongs.
func (s *state) facts(a *account) {
	f := &a.facts
	for arn, u := range a.users {
		u.Credentials = s.credentialsOf(a, arn.String(), setID(arn.Resource()))
	}
	a.RootUser = s.rootUser(a)
	k := callKey{op: "iam:GetAccountPasswordPolicy", account: a.ID}
	if st, _ := s.calls[k].state(); st == org.Absent {
		a.PasswordPolicy = &org.PasswordPolicy{Default: true}
	} else {
		a.PasswordPolicy = f.policy
	}
	_, saml := s.known(callKey{op: "iam:ListSAMLProviders", account: a.ID})
	_, oidc := s.known(callKey{op: "iam:ListOpenIDConnectProviders", account: a.ID})
	if saml && oidc {
		a.Providers = []org.Provider{}
		for arn, p := range f.providers {
			if strings.HasPrefix(arn.Resource(), "oidc-provider/") && p.URL == "" {
				s.problem(unitKey{a.ID, "", sectionProviders}, "get-open-id-connect-provider of "+arn.String()+" is not in the export")
			}
			a.Providers = append(a.Providers, *p)
		}
	}
}

// credentialsOf is what is known of a user: the lists of devices and keys say more than the
// report, which says more than nothing.
func (s *state) credentialsOf(a *account, arn, name string) *org.Credentials {
	f := &a.facts
	c := f.report[arn]
	if c == nil {
		c = new(org.Credentials)
	}
	if _, ok := s.known(callKey{op: "iam:ListMFADevices", account: a.ID, subject: name}); ok {
		c.MFA = &org.MFA{Active: len(f.devices[name]) > 0, Devices: append([]org.MFADevice{}, f.devices[name]...)}
	} else if d := f.devices[name]; len(d) > 0 && (c.MFA == nil || !c.MFA.Active) {
		c.MFA = &org.MFA{Active: true} // there is one at least, and there may be more
	}
	if _, ok := s.known(callKey{op: "iam:ListAccessKeys", account: a.ID, subject: name}); ok {
		keys := append([]org.AccessKey{}, f.keys[name]...)
		for i := range keys {
			keys[i].Used = f.used[keys[i].ID]
			for _, slot := range c.AccessKeys {
				if !keys[i].Used.IsKnown() && isOf(slot, keys[i], c.AccessKeys, f.keys[name]) {
					keys[i].Used = slot.Used
				}
			}
		}
		c.AccessKeys = keys
	}
	login := callKey{op: "iam:GetLoginProfile", account: a.ID, subject: name}
	if st, _ := s.calls[login].state(); c.Password == nil && (st == org.Complete || st == org.Absent) {
		c.Password = &org.Password{Enabled: st == org.Complete}
	}
	if u := f.passwordUses[name]; c.Password != nil && c.Password.Enabled && !c.Password.Used.IsKnown() {
		c.Password.Used = u
	}
	if c.Password == nil && c.MFA == nil && c.AccessKeys == nil && c.Certificates == nil {
		return nil
	}
	return c
}

// isOf reports whether a slot of the report is of a key: the report has no IDs. The date is that
// of its creation, and cannot be that of a change of another one, whose own date the report
// would not have then.
func isOf(slot, key org.AccessKey, slots, keys []org.AccessKey) bool {
	if key.Created.IsZero() || !slot.Created.Equal(key.Created) || slot.Active != key.Active {
		return false
	}
	return !slices.ContainsFunc(keys, func(other org.AccessKey) bool {
		if other.ID == key.ID || other.Active != key.Active || other.Created.After(slot.Created) {
			return false
		}
		return other.Created.Equal(slot.Created) ||
			!slices.ContainsFunc(slots, func(s org.AccessKey) bool { return s.Created.Equal(other.Created) })
	})
}

// rootUser is what is known of the root user: of the report, and of the account summary,
// which counts devices, keys and certificates (IAM API Reference, “GetAccountSummary”).
func (s *state) rootUser(a *account) *org.Credentials {
	f := &a.facts
	c := f.report["arn:"+s.partition()+":iam::"+a.ID+":root"]
	if c == nil && f.summary == nil && len(f.devices[""]) == 0 {
		return nil
	}
	if c == nil {
		c = new(org.Credentials)
	}
	if n, ok := f.summary["AccountMFAEnabled"]; ok {
		c.MFA = &org.MFA{Active: n > 0}
	}
	if n, ok := f.summary["AccountAccessKeysPresent"]; ok && n == 0 {
		c.AccessKeys = []org.AccessKey{}
	}
	if n, ok := f.summary["AccountSigningCertificatesPresent"]; ok && n == 0 {
		c.Certificates = []org.Certificate{}
	}
	if n, ok := f.summary["AccountPasswordPresent"]; ok {
		switch {
		case n == 0:
			c.Password = &org.Password{}
		case c.Password == nil:
			c.Password = &org.Password{Enabled: true, Used: f.rootUsed}
		}
	}
	if len(f.devices[""]) > 0 {
		c.MFA = &org.MFA{Active: true} // virtual devices are listed, others are not
	}
	return c
}
