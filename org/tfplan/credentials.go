package tfplan

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
)

// What people sign in with decides no request, and is a fact of the snapshot: each of these
// handlers says that its resource is left out of what is compared, and leaves no fact that the
// plan makes untrue.

const (
	makesKey      = "is a long-term access key, which changes who can sign in, not what is allowed"
	makesPassword = "is a console password, which changes who can sign in, not what is allowed"
	signIn        = "is about how people sign in, not about what is allowed"
)

// people are the user that an attribute names. Where that is not known, they are all users of
// the account, of whom then none is certain to be it.
func (e *editor) people(v values, attr string) (list []*org.User, certain bool) {
	a := e.linked(v)
	if a == nil {
		return nil, false
	}
	name, ok := e.link(v, attr, "name")
	for key, u := range a.users {
		if !ok || key == strings.ToLower(name) {
			list = append(list, u)
		}
	}
	return list, ok
}

// credentials are what those sign in with, as far as it is known.
func (e *editor) credentials(v values, attr string) (list []*org.Credentials, certain bool) {
	people, certain := e.people(v, attr)
	for _, u := range people {
		if u.Credentials != nil {
			list = append(list, u.Credentials)
		}
	}
	return list, certain
}

func (e *editor) putAccessKey(in *instance, v values) {
	e.skip(in, false, makesKey)
	list, certain := e.credentials(v, "user")
	status, st := v.text("status")
	id := v.plain("id")
	for _, c := range list {
		i := slices.IndexFunc(c.AccessKeys, func(k org.AccessKey) bool { return k.ID != "" && k.ID == id })
		switch {
		case c.AccessKeys == nil:
		case !certain || st == unknown || i < 0 && !in.creates():
			c.AccessKeys = nil
		case i < 0:
			c.AccessKeys = append(c.AccessKeys, org.AccessKey{ID: id, Active: status != "Inactive"})
		default:
			c.AccessKeys[i].Active = status != "Inactive"
		}
	}
}

func (e *editor) removeAccessKey(in *instance, v values) {
	if !in.creates() {
		e.skip(in, false, makesKey)
	}
	list, certain := e.credentials(v, "user")
	id := v.plain("id")
	for _, c := range list {
		// A credential report has no IDs of keys.
		if !certain || id == "" || slices.ContainsFunc(c.AccessKeys, func(k org.AccessKey) bool { return k.ID == "" }) {
			c.AccessKeys = nil
			continue
		}
		c.AccessKeys = slices.DeleteFunc(c.AccessKeys, func(k org.AccessKey) bool { return k.ID == id })
	}
}

func (e *editor) putPassword(in *instance, v values) {
	e.skip(in, false, makesPassword)
	e.setPassword(v, true)
}

func (e *editor) removePassword(in *instance, v values) {
	if !in.creates() {
		e.skip(in, false, makesPassword)
	}
	e.setPassword(v, false)
}

func (e *editor) setPassword(v values, enabled bool) {
	list, certain := e.people(v, "user")
	for _, u := range list {
		switch {
		case !certain && u.Credentials == nil:
		case !certain:
			u.Credentials.Password = nil
		case u.Credentials == nil:
			u.Credentials = &org.Credentials{Password: &org.Password{Enabled: enabled}}
		case u.Credentials.Password == nil || u.Credentials.Password.Enabled != enabled:
			u.Credentials.Password = &org.Password{Enabled: enabled}
		}
	}
}

// putCertificate changes a signing certificate. Snapshots have no IDs of them.
func (e *editor) putCertificate(in *instance, v values) {
	e.skip(in, false, signIn)
	e.loseCertificates(v)
}

func (e *editor) removeCertificate(in *instance, v values) {
	if !in.creates() {
		e.skip(in, false, signIn)
	}
	e.loseCertificates(v)
}

func (e *editor) loseCertificates(v values) {
	list, _ := e.credentials(v, "user_name")
	for _, c := range list {
		c.Certificates = nil
	}
}

// putDevice makes a virtual MFA device, which nobody has yet.
func (e *editor) putDevice(in *instance, _ values) { e.skip(in, false, signIn) }

// removeDevice takes a virtual MFA device away from who has it.
func (e *editor) removeDevice(in *instance, v values) {
	if !in.creates() {
		e.skip(in, false, signIn)
	}
	a := e.linked(v)
	if a == nil {
		return
	}
	serial, holder := v.plain("arn"), v.plain("user_name")
	for name, u := range a.users {
		if holder == "" || name == strings.ToLower(holder) {
			loseDevice(u.Credentials, serial)
		}
	}
	a.settings = loseDevice(a.RootUser, serial) || a.settings
}

// loseDevice takes away an MFA device, and reports whether that changed anything.
func loseDevice(c *org.Credentials, serial string) bool {
	if c == nil || c.MFA == nil || !c.MFA.Active {
		return false
	}
	isIt := func(d org.MFADevice) bool { return d.Serial == serial }
	switch {
	case c.MFA.Devices == nil || serial == "": // it may be this one's
		c.MFA = nil
	case slices.ContainsFunc(c.MFA.Devices, isIt):
		c.MFA.Devices = slices.DeleteFunc(c.MFA.Devices, isIt)
		c.MFA.Active = len(c.MFA.Devices) > 0
	default:
		return false
	}
	return true
}

// putPasswordPolicy sets the password policy of an account. What is not given has the default
// of the action that sets it (IAM API Reference, “UpdateAccountPasswordPolicy”).
func (e *editor) putPasswordPolicy(in *instance, v values) {
	e.skip(in, false, "is about passwords, not about what is allowed")
	a := e.own(in)
	if a == nil {
		return
	}
	a.settings = true
	a.PasswordPolicy = nil
	p := new(org.PasswordPolicy)
	for attr, to := range map[string]any{
		"allow_users_to_change_password": &p.UsersMayChange,
		"hard_expiry":                    &p.HardExpiry,
		"require_lowercase_characters":   &p.RequireLowercase,
		"require_uppercase_characters":   &p.RequireUppercase,
		"require_numbers":                &p.RequireNumbers,
		"require_symbols":                &p.RequireSymbols,
		"minimum_password_length":        &p.MinimumLength,
		"max_password_age":               &p.MaxAge,
		"password_reuse_prevention":      &p.RememberLast,
	} {
		value, st := v.get(attr)
		if st == unknown && v.sets(attr) || st == known && !set(to, value) {
			return
		}
	}
	a.PasswordPolicy = p
}

// set puts a value of JSON where it belongs, and reports whether it is of that kind.
func set(to, value any) (ok bool) {
	switch to := to.(type) {
	case *bool:
		*to, ok = value.(bool)
	case *int:
		var n float64
		n, ok = value.(float64)
		*to = int(n)
	}
	return ok
}

func (e *editor) removePasswordPolicy(in *instance, _ values) {
	if !in.creates() {
		e.skip(in, false, "is about passwords, not about what is allowed")
	}
	if a := e.own(in); a != nil {
		a.PasswordPolicy, a.settings = &org.PasswordPolicy{Default: true}, true
	}
}

// own is the account that a resource is in.
func (e *editor) own(in *instance) *account {
	id, err := e.account(in)
	if err != nil {
		e.errs = append(e.errs, err)
		return nil
	}
	return e.edited(in, id)
}
