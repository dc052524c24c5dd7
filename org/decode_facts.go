package org

import (
	"strings"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
)

func (d *decoder) credentials(to **Credentials) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		c := new(Credentials)
		d.Object(n, p, "an object, credentials",
			form.Member("password", d.password(&c.Password)),
			form.Member("mfa", d.mfa(&c.MFA)),
			form.Member("accessKeys", form.Known(d.Decoder, &c.AccessKeys, d.accessKey)),
			form.Member("certificates", form.Known(d.Decoder, &c.Certificates, d.certificate)))
		*to = c
	}
}

func (d *decoder) password(to **Password) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		w := new(Password)
		d.Object(n, p, "an object, a password",
			form.Must("enabled", d.Boolean(&w.Enabled)),
			form.Member("changed", d.Time(&w.Changed)),
			form.Member("nextRotation", d.Time(&w.NextRotation)),
			form.Member("used", d.usage(&w.Used)))
		*to = w
	}
}

func (d *decoder) mfa(to **MFA) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		m := new(MFA)
		d.Object(n, p, "an object, MFA",
			form.Must("active", d.Boolean(&m.Active)),
			form.Member("devices", form.Known(d.Decoder, &m.Devices, func(n *jsontree.Node, p *form.Path) (v MFADevice) {
				d.Object(n, p, "an object, an MFA device",
					form.Member("serial", d.Text(&v.Serial)),
					form.Member("enabled", d.Time(&v.Enabled)))
				return v
			})))
		*to = m
	}
}

func (d *decoder) accessKey(n *jsontree.Node, p *form.Path) (k AccessKey) {
	d.Object(n, p, "an object, an access key",
		form.Member("id", d.Text(&k.ID)),
		form.Must("active", d.Boolean(&k.Active)),
		form.Member("created", d.Time(&k.Created)),
		form.Member("used", d.usage(&k.Used)))
	return k
}

func (d *decoder) certificate(n *jsontree.Node, p *form.Path) (c Certificate) {
	d.Object(n, p, "an object, a certificate",
		form.Must("active", d.Boolean(&c.Active)),
		form.Member("created", d.Time(&c.Created)))
	return c
}

func (d *decoder) usage(to *Usage) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		d.Object(n, p, "an object, when something was last used",
			form.Member("at", d.Time(&to.At)),
			form.Member("never", d.Boolean(&to.Never)),
			form.Member("region", d.Text(&to.Region)),
			form.Member("service", d.Text(&to.Service)))
	}
}

func (d *decoder) passwordPolicy(to **PasswordPolicy) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		w := new(PasswordPolicy)
		must := form.Must
		if v, ok := n.Member("default"); ok && v.Text == "true" {
			must = form.Member // which validation refuses
		}
		d.Object(n, p, "an object, a password policy",
			form.Member("default", d.Boolean(&w.Default)),
			must("minimumLength", d.Integer(&w.MinimumLength)),
			must("requireSymbols", d.Boolean(&w.RequireSymbols)),
			must("requireNumbers", d.Boolean(&w.RequireNumbers)),
			must("requireUppercase", d.Boolean(&w.RequireUppercase)),
			must("requireLowercase", d.Boolean(&w.RequireLowercase)),
			must("usersMayChange", d.Boolean(&w.UsersMayChange)),
			form.Member("maxAge", d.Integer(&w.MaxAge)),
			form.Member("rememberLast", d.Integer(&w.RememberLast)),
			form.Member("hardExpiry", d.Boolean(&w.HardExpiry)))
		*to = w
	}
}

func (d *decoder) provider(n *jsontree.Node, p *form.Path) (v Provider) {
	d.Object(n, p, "an object, an identity provider",
		form.Member("arn", d.ARN(&v.ARN)),
		form.Member("url", d.Text(&v.URL)),
		form.Member("clientIds", d.Texts(&v.ClientIDs)),
		form.Member("thumbprints", d.Texts(&v.Thumbprints)),
		form.Member("validUntil", d.Time(&v.ValidUntil)),
		form.Member("created", d.Time(&v.Created)))
	return v
}

func (d *decoder) delegated(n *jsontree.Node, p *form.Path) (a DelegatedAdministrator) {
	d.Object(n, p, "an object, a delegated administrator",
		form.Member("account", d.Text(&a.Account)),
		form.Member("services", d.Texts(&a.Services)))
	return a
}

func (d *decoder) unit(n *jsontree.Node, p *form.Path) (u Unit) {
	d.Object(n, p, "an object, a part of AWS's state",
		form.Member("account", d.Text(&u.Account)),
		form.Member("region", d.Text(&u.Region)),
		form.Member("section", d.Text(&u.Section)),
		form.Member("state", d.state(&u.State)),
		form.Member("reason", d.Text(&u.Reason)))
	return u
}

func (d *decoder) state(to *State) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		for s, name := range stateNames {
			if n.Kind == jsontree.String && n.Text == name {
				*to = State(s)
				return
			}
		}
		d.Fail(n.Start, p, "is no state; want one of %s", strings.Join(stateNames[:], ", "))
	}
}
