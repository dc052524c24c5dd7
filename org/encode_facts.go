package org

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/form"
)

func (e *encoder) credentials(name string, c *Credentials) {
	if c == nil {
		return
	}
	e.Name(name)
	e.Object(func() {
		if w := c.Password; w != nil {
			e.Name("password")
			e.Object(func() {
				e.Known("enabled", w.Enabled)
				e.Time("changed", w.Changed)
				e.Time("nextRotation", w.NextRotation)
				e.usage("used", w.Used)
			})
		}
		if m := c.MFA; m != nil {
			e.Name("mfa")
			e.Object(func() {
				e.Known("active", m.Active)
				form.KnownList(e.Encoder, "devices", m.Devices, func(v MFADevice) {
					e.Object(func() {
						e.Text("serial", v.Serial)
						e.Time("enabled", v.Enabled)
					})
				})
			})
		}
		form.KnownList(e.Encoder, "accessKeys", c.AccessKeys, func(k AccessKey) {
			e.Object(func() {
				e.Text("id", k.ID)
				e.Known("active", k.Active)
				e.Time("created", k.Created)
				e.usage("used", k.Used)
			})
		})
		form.KnownList(e.Encoder, "certificates", c.Certificates, func(v Certificate) {
			e.Object(func() {
				e.Known("active", v.Active)
				e.Time("created", v.Created)
			})
		})
	})
}

// usage writes a member, or nothing if the usage is not known.
func (e *encoder) usage(name string, u Usage) {
	if u == (Usage{}) {
		return
	}
	e.Name(name)
	e.Object(func() {
		e.Time("at", u.At)
		e.Flag("never", u.Never)
		e.Text("region", u.Region)
		e.Text("service", u.Service)
	})
}

func (e *encoder) passwordPolicy(name string, w *PasswordPolicy) {
	if w == nil {
		return
	}
	e.Name(name)
	e.Object(func() {
		if w.Default {
			e.Flag("default", true)
			return
		}
		e.Name("minimumLength")
		e.Token(jsontext.Int(int64(w.MinimumLength)))
		e.Known("requireSymbols", w.RequireSymbols)
		e.Known("requireNumbers", w.RequireNumbers)
		e.Known("requireUppercase", w.RequireUppercase)
		e.Known("requireLowercase", w.RequireLowercase)
		e.Known("usersMayChange", w.UsersMayChange)
		e.Integer("maxAge", w.MaxAge)
		e.Integer("rememberLast", w.RememberLast)
		e.Flag("hardExpiry", w.HardExpiry)
	})
}

func (e *encoder) provider(v Provider) {
	e.Object(func() {
		e.Text("arn", v.ARN.String())
		e.Text("url", v.URL)
		e.Texts("clientIds", v.ClientIDs)
		e.Texts("thumbprints", v.Thumbprints)
		e.Time("validUntil", v.ValidUntil)
		e.Time("created", v.Created)
	})
}

func (e *encoder) delegated(a DelegatedAdministrator) {
	e.Object(func() {
		e.Text("account", a.Account)
		e.Texts("services", a.Services)
	})
}

func (e *encoder) unit(u Unit) {
	e.Object(func() {
		e.Text("account", u.Account)
		e.Text("region", u.Region)
		e.Text("section", u.Section)
		e.Text("state", u.State.String())
		e.Text("reason", u.Reason)
	})
}
