package org

import (
	"time"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/policy"
)

// organizationFacts checks the facts about the organization.
func (v *validator) organizationFacts(top *form.Path) {
	for i, a := range v.spec.DelegatedAdministrators {
		p := top.Member("delegatedAdministrators").At(i)
		if !policy.IsAccountID(a.Account) {
			v.fail(p.Member("account"), "%q is no account ID; want 12 digits", form.Clip(a.Account))
		} else {
			v.unique(p.Member("account"), thing{"delegated administrator", a.Account}, a.Account)
		}
		v.texts(p.Member("services"), a.Services)
	}
	v.texts(top.Member("trustedServices"), v.spec.TrustedServices)
	for i, u := range v.spec.Coverage {
		p := top.Member("coverage").At(i)
		v.texts(p, []string{u.Account, u.Region, u.Section, u.Reason})
		if u.Section == "" {
			v.fail(p.Member("section"), `missing; want what was read, such as "iam"`)
		}
		if int(u.State) >= len(stateNames) {
			v.fail(p.Member("state"), "%d is no state", u.State)
		}
		if v.unique(p, thing{"part of AWS's state", u.Account + " " + u.Region + " " + u.Section}, u.Section) && u.State != Complete && u.Reason == "" {
			v.fail(p.Member("reason"), "missing; want why it is %s", u.State)
		}
	}
}

func (v *validator) texts(p *form.Path, list []string) {
	for _, s := range list {
		v.text(p, s)
	}
}

// facts checks the facts about an account.
func (v *accountValidator) facts(p *form.Path, a *Account) {
	v.texts(p, []string{a.Email, a.State})
	v.credentials(p.Member("rootUser"), a.RootUser)
	if w := a.PasswordPolicy; w != nil {
		at := p.Member("passwordPolicy")
		if w.MinimumLength < 0 || w.MaxAge < 0 || w.RememberLast < 0 {
			v.fail(at, "has a negative number")
		}
		if w.Default && *w != (PasswordPolicy{Default: true}) {
			v.fail(at, "is AWS's default, and says more; want one or the other")
		}
	}
	for i, q := range a.Providers {
		at := p.Member("providers").At(i)
		if !isIAM(q.ARN, "saml-provider") && !isIAM(q.ARN, "oidc-provider") || q.ARN.AccountID() != a.ID {
			v.fail(at.Member("arn"), "%q is not the ARN of an identity provider; want arn:aws:iam::%s:saml-provider/… or …:oidc-provider/…", form.Clip(q.ARN.String()), a.ID)
		} else {
			v.unique(at.Member("arn"), thing{spaceARN, q.ARN.String()}, q.ARN.String())
		}
		v.texts(at, append([]string{q.ARN.String(), q.URL}, append(q.ClientIDs[:len(q.ClientIDs):len(q.ClientIDs)], q.Thumbprints...)...))
		v.time(at.Member("validUntil"), q.ValidUntil)
		v.time(at.Member("created"), q.Created)
	}
	for i := range a.Findings {
		v.finding(p.Member("findings").At(i), &a.Findings[i])
	}
}

func (v *accountValidator) credentials(p *form.Path, c *Credentials) {
	if c == nil {
		return
	}
	if w := c.Password; w != nil {
		at := p.Member("password")
		v.time(at.Member("changed"), w.Changed)
		v.time(at.Member("nextRotation"), w.NextRotation)
		v.usage(at.Member("used"), w.Used)
	}
	if m := c.MFA; m != nil {
		at := p.Member("mfa")
		if !m.Active && len(m.Devices) > 0 {
			v.fail(at.Member("active"), "is false, and there are devices; want true, or no devices")
		}
		for i, d := range m.Devices {
			v.text(at.Member("devices").At(i).Member("serial"), d.Serial)
			v.time(at.Member("devices").At(i).Member("enabled"), d.Enabled)
		}
	}
	for i, k := range c.AccessKeys {
		at := p.Member("accessKeys").At(i)
		v.text(at.Member("id"), k.ID)
		v.time(at.Member("created"), k.Created)
		v.usage(at.Member("used"), k.Used)
	}
	for i, k := range c.Certificates {
		v.time(p.Member("certificates").At(i).Member("created"), k.Created)
	}
}

func (v *accountValidator) usage(p *form.Path, u Usage) {
	v.time(p.Member("at"), u.At)
	if u.Never && !u.At.IsZero() {
		v.fail(p.Member("never"), "is true, and there is a time of use; want one or the other")
	}
	v.texts(p, []string{u.Region, u.Service})
}

// time reports a time that no snapshot can hold.
func (v *accountValidator) time(p *form.Path, t time.Time) {
	if !t.IsZero() && !form.IsTime(t) {
		v.fail(p, "%v is no time of this era; want a year from 1 to 9999", t)
	}
}
