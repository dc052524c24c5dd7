package tfplan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

// TestCredentials holds that a plan leaves no fact about signing in that it makes untrue.
func TestCredentials(t *testing.T) {
	key := func(id string, active bool) org.AccessKey { return org.AccessKey{ID: id, Active: active} }
	password := func(enabled bool) *org.Password { return &org.Password{Enabled: enabled} }
	device := org.MFADevice{Serial: "arn:aws:iam::111122223333:mfa/ana"}
	const (
		creates = `"actions":["create"],"before":null,"after":`
		deletes = `"actions":["delete"],"after":null,"before":`
	)
	for _, test := range []struct {
		name, typ, change string
		before, want      *org.Credentials
	}{
		{"new key", "aws_iam_access_key", creates + `{"user":"ana","status":"Active"},"after_unknown":{"id":true}`,
			&org.Credentials{AccessKeys: []org.AccessKey{}}, &org.Credentials{AccessKeys: []org.AccessKey{key("", true)}}},
		{"new key that is off", "aws_iam_access_key", creates + `{"user":"ana","status":"Inactive"},"after_unknown":{"id":true}`,
			&org.Credentials{AccessKeys: []org.AccessKey{}}, &org.Credentials{AccessKeys: []org.AccessKey{key("", false)}}},
		{"new key that may be off", "aws_iam_access_key", creates + `{"user":"ana"},"after_unknown":{"id":true,"status":true}`,
			&org.Credentials{AccessKeys: []org.AccessKey{}}, &org.Credentials{}},
		{"key of somebody", "aws_iam_access_key", creates + `{},"after_unknown":{"id":true,"user":true}`,
			&org.Credentials{AccessKeys: []org.AccessKey{}, Password: password(true)}, &org.Credentials{Password: password(true)}},
		{"keys that are not known", "aws_iam_access_key", creates + `{"user":"ana","status":"Active"},"after_unknown":{"id":true}`, nil, nil},
		{"key is turned off", "aws_iam_access_key", `"actions":["update"],"before":{"user":"ana","id":"AKIAEXAMPLE1","status":"Active"},"after":{"user":"ana","id":"AKIAEXAMPLE1","status":"Inactive"},"after_unknown":{}`,
			&org.Credentials{AccessKeys: []org.AccessKey{key("AKIAEXAMPLE1", true)}}, &org.Credentials{AccessKeys: []org.AccessKey{key("AKIAEXAMPLE1", false)}}},
		{"key without ID is turned off", "aws_iam_access_key", `"actions":["update"],"before":{"user":"ana","id":"AKIAEXAMPLE1","status":"Active"},"after":{"user":"ana","id":"AKIAEXAMPLE1","status":"Inactive"},"after_unknown":{}`,
			&org.Credentials{AccessKeys: []org.AccessKey{key("", true)}}, &org.Credentials{}},
		{"key goes", "aws_iam_access_key", deletes + `{"user":"ana","id":"AKIAEXAMPLE1"}`,
			&org.Credentials{AccessKeys: []org.AccessKey{key("AKIAEXAMPLE1", true), key("AKIAEXAMPLE2", true)}}, &org.Credentials{AccessKeys: []org.AccessKey{key("AKIAEXAMPLE2", true)}}},
		{"one of the keys goes", "aws_iam_access_key", deletes + `{"user":"ana","id":"AKIAEXAMPLE1"}`,
			&org.Credentials{AccessKeys: []org.AccessKey{key("", true), key("", false)}}, &org.Credentials{}},
		{"new password", "aws_iam_user_login_profile", creates + `{"user":"ana"},"after_unknown":{}`,
			&org.Credentials{Password: password(false)}, &org.Credentials{Password: password(true)}},
		{"new password of whom nothing is known", "aws_iam_user_login_profile", creates + `{"user":"ana"},"after_unknown":{}`,
			nil, &org.Credentials{Password: password(true)}},
		{"password of somebody", "aws_iam_user_login_profile", creates + `{},"after_unknown":{"user":true}`,
			&org.Credentials{Password: password(false), MFA: &org.MFA{}}, &org.Credentials{MFA: &org.MFA{}}},
		{"password goes", "aws_iam_user_login_profile", deletes + `{"user":"ana"}`,
			&org.Credentials{Password: password(true)}, &org.Credentials{Password: password(false)}},
		{"certificate", "aws_iam_signing_certificate", creates + `{"user_name":"ana","status":"Active"},"after_unknown":{}`,
			&org.Credentials{Certificates: []org.Certificate{}, Password: password(true)}, &org.Credentials{Password: password(true)}},
		{"new device", "aws_iam_virtual_mfa_device", creates + `{"virtual_mfa_device_name":"ana"},"after_unknown":{"arn":true}`,
			&org.Credentials{MFA: &org.MFA{}, Password: password(true)}, &org.Credentials{MFA: &org.MFA{}, Password: password(true)}},
		{"device goes", "aws_iam_virtual_mfa_device", deletes + `{"arn":"arn:aws:iam::111122223333:mfa/ana"}`,
			&org.Credentials{MFA: &org.MFA{Active: true, Devices: []org.MFADevice{device}}}, &org.Credentials{MFA: &org.MFA{Devices: []org.MFADevice{}}}},
		{"device of nobody knows whom goes", "aws_iam_virtual_mfa_device", deletes + `{"arn":"arn:aws:iam::111122223333:mfa/ana"}`,
			&org.Credentials{MFA: &org.MFA{Active: true}, Password: password(true)}, &org.Credentials{Password: password(true)}},
		{"device of somebody else goes", "aws_iam_virtual_mfa_device", deletes + `{"arn":"arn:aws:iam::111122223333:mfa/logs","user_name":"logs"}`,
			&org.Credentials{MFA: &org.MFA{Active: true}}, &org.Credentials{MFA: &org.MFA{Active: true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ana := policy.MustParseARN("arn:aws:iam::111122223333:user/ana")
			o := organization(t, func(s *org.Spec) { s.Accounts[0].Users = []org.User{{ARN: ana, Credentials: test.before}} })
			out, err := withChange(t, test.typ, test.change, "").Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			u, ok := out.After.User(ana)
			require.True(t, ok)
			assert.Equal(t, test.want, u.Credentials)
			require.Len(t, out.Skipped, 1, "it is said")
			assert.False(t, out.Skipped[0].Access)
		})
	}
}

// TestPasswordPolicy holds what becomes of the password policy of an account.
func TestPasswordPolicy(t *testing.T) {
	old := &org.PasswordPolicy{MinimumLength: 14, RequireSymbols: true, MaxAge: 90}
	for _, test := range []struct {
		name, change, expressions string
		want                      *org.PasswordPolicy
	}{
		{"new", `"actions":["create"],"before":null,"after":{"minimum_password_length":20,"allow_users_to_change_password":true,"require_numbers":true},"after_unknown":{"max_password_age":true,"hard_expiry":true}`, `"minimum_password_length":{}`,
			&org.PasswordPolicy{MinimumLength: 20, UsersMayChange: true, RequireNumbers: true}},
		{"not told", `"actions":["update"],"before":{"minimum_password_length":14},"after":{},"after_unknown":{"minimum_password_length":true}`, `"minimum_password_length":{"references":["local.n"]}`, nil},
		{"none", `"actions":["delete"],"before":{"minimum_password_length":14},"after":null`, ``, &org.PasswordPolicy{Default: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := organization(t, func(s *org.Spec) { s.Accounts[0].PasswordPolicy = old })
			out, err := withChange(t, "aws_iam_account_password_policy", test.change, test.expressions).Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			a, _ := out.After.Account("111122223333")
			assert.Equal(t, test.want, a.PasswordPolicy)
		})
	}
}
