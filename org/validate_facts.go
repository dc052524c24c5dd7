package org

import (
	"time"

	"github.com/licit-dev/licit/policy"
)

// organizationFacts checks the facts about the organization.
func (v *validator) organizationFacts(top *path) {
	for i, a := range v.spec.DelegatedAdministrators {
		p := top.member("delegatedAdministrators").at(i)
		if !policy.IsAccountID(a.Account) {
			v.fail(p.member("account"), "%q is no account ID; want 12 digits", clip(a.Account))
		} else {
			v.unique(p.member("account"), thing{"delegated administrator", a.Account}, a.Account)
		}
		v.texts(p.member("services"), a.Services)
	}
	v.texts(top.member("trustedServices"), v.spec.TrustedServices)
	for i, u := range v.spec.Coverage {
		p := top.member("coverage").at(i)
		v.texts(p, []string{u.Account, u.Region, u.Section, u.Reason})
		if u.Section == "" {
			v.fail(p.member("section"), `missing; want what was read, such as "iam"`)
		}
		if int(u.State) >= len(stateNames) {
			v.fail(p.member("state"), "%d is no state", u.State)
		}
		if v.unique(p, thing{"part of AWS's state", u.Account + " " + u.Region + " " + u.Section}, u.Section) && u.State != Complete && u.Reason == "" {
			v.fail(p.member("reason"), "missing; want why it is %s", u.State)
		}
	}
}

func (v *validator) texts(p *path, list []string) {
	for _, s := range list {
		v.text(p, s)
	}
}

// facts checks the facts about an account.
func (v *accountValidator) facts(p *path, a *Account) {
	v.texts(p, []string{a.Email, a.State})
	v.credentials(p.member("rootUser"), a.RootUser)
	if w := a.PasswordPolicy; w != nil {
		at := p.member("passwordPolicy")
		if w.MinimumLength < 0 || w.MaxAge < 0 || w.RememberLast < 0 {
			v.fail(at, "has a negative number")
		}
		if w.Default && *w != (PasswordPolicy{Default: true}) {
			v.fail(at, "is AWS's default, and says more; want one or the other")
		}
	}
	for i, q := range a.Providers {
		at := p.member("providers").at(i)
		if !isIAM(q.ARN, "saml-provider") && !isIAM(q.ARN, "oidc-provider") || q.ARN.AccountID() != a.ID {
			v.fail(at.member("arn"), "%q is not the ARN of an identity provider; want arn:aws:iam::%s:saml-provider/… or …:oidc-provider/…", clip(q.ARN.String()), a.ID)
		} else {
			v.unique(at.member("arn"), thing{spaceARN, q.ARN.String()}, q.ARN.String())
		}
		v.texts(at, append([]string{q.ARN.String(), q.URL}, append(q.ClientIDs[:len(q.ClientIDs):len(q.ClientIDs)], q.Thumbprints...)...))
		v.time(at.member("validUntil"), q.ValidUntil)
		v.time(at.member("created"), q.Created)
	}
}

func (v *accountValidator) credentials(p *path, c *Credentials) {
	if c == nil {
		return
	}
	if w := c.Password; w != nil {
		at := p.member("password")
		v.time(at.member("changed"), w.Changed)
		v.time(at.member("nextRotation"), w.NextRotation)
		v.usage(at.member("used"), w.Used)
	}
	if m := c.MFA; m != nil {
		at := p.member("mfa")
		if !m.Active && len(m.Devices) > 0 {
			v.fail(at.member("active"), "is false, and there are devices; want true, or no devices")
		}
		for i, d := range m.Devices {
			v.text(at.member("devices").at(i).member("serial"), d.Serial)
			v.time(at.member("devices").at(i).member("enabled"), d.Enabled)
		}
	}
	for i, k := range c.AccessKeys {
		at := p.member("accessKeys").at(i)
		v.text(at.member("id"), k.ID)
		v.time(at.member("created"), k.Created)
		v.usage(at.member("used"), k.Used)
	}
	for i, k := range c.Certificates {
		v.time(p.member("certificates").at(i).member("created"), k.Created)
	}
}

func (v *accountValidator) usage(p *path, u Usage) {
	v.time(p.member("at"), u.At)
	if u.Never && !u.At.IsZero() {
		v.fail(p.member("never"), "is true, and there is a time of use; want one or the other")
	}
	v.texts(p, []string{u.Region, u.Service})
}

// time reports a time that no snapshot can hold.
func (v *accountValidator) time(p *path, t time.Time) {
	if !t.IsZero() && !isTime(t) {
		v.fail(p, "%v is no time of this era; want a year from 1 to 9999", t)
	}
}
