package org

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// time writes a member, or nothing if the time is not known.
func (e *encoder) time(name string, t time.Time) {
	if !t.IsZero() {
		e.text(name, t.Format(time.RFC3339Nano))
	}
}

// integer writes a member, or nothing if it is 0.
func (e *encoder) integer(name string, i int) {
	if i != 0 {
		e.name(name)
		e.token(jsontext.Int(int64(i)))
	}
}

// knownList writes an array, also an empty one, or nothing if it is nil: not known.
func knownList[T any](e *encoder, name string, list []T, one func(T)) {
	if list == nil {
		return
	}
	e.name(name)
	e.token(jsontext.BeginArray)
	for _, v := range list {
		one(v)
	}
	e.token(jsontext.EndArray)
}

func (e *encoder) credentials(name string, c *Credentials) {
	if c == nil {
		return
	}
	e.name(name)
	e.object(func() {
		if w := c.Password; w != nil {
			e.name("password")
			e.object(func() {
				e.known("enabled", w.Enabled)
				e.time("changed", w.Changed)
				e.time("nextRotation", w.NextRotation)
				e.usage("used", w.Used)
			})
		}
		if m := c.MFA; m != nil {
			e.name("mfa")
			e.object(func() {
				e.known("active", m.Active)
				knownList(e, "devices", m.Devices, func(v MFADevice) {
					e.object(func() {
						e.text("serial", v.Serial)
						e.time("enabled", v.Enabled)
					})
				})
			})
		}
		knownList(e, "accessKeys", c.AccessKeys, func(k AccessKey) {
			e.object(func() {
				e.text("id", k.ID)
				e.known("active", k.Active)
				e.time("created", k.Created)
				e.usage("used", k.Used)
			})
		})
		knownList(e, "certificates", c.Certificates, func(v Certificate) {
			e.object(func() {
				e.known("active", v.Active)
				e.time("created", v.Created)
			})
		})
	})
}

// known writes a flag that says something also when it is false.
func (e *encoder) known(name string, value bool) {
	e.name(name)
	e.token(jsontext.Bool(value))
}

// usage writes a member, or nothing if the usage is not known.
func (e *encoder) usage(name string, u Usage) {
	if u == (Usage{}) {
		return
	}
	e.name(name)
	e.object(func() {
		e.time("at", u.At)
		e.flag("never", u.Never)
		e.text("region", u.Region)
		e.text("service", u.Service)
	})
}

func (e *encoder) passwordPolicy(name string, w *PasswordPolicy) {
	if w == nil {
		return
	}
	e.name(name)
	e.object(func() {
		e.flag("default", w.Default)
		e.integer("minimumLength", w.MinimumLength)
		e.flag("requireSymbols", w.RequireSymbols)
		e.flag("requireNumbers", w.RequireNumbers)
		e.flag("requireUppercase", w.RequireUppercase)
		e.flag("requireLowercase", w.RequireLowercase)
		e.flag("usersMayChange", w.UsersMayChange)
		e.integer("maxAge", w.MaxAge)
		e.integer("rememberLast", w.RememberLast)
		e.flag("hardExpiry", w.HardExpiry)
	})
}

func (e *encoder) provider(v Provider) {
	e.object(func() {
		e.text("arn", v.ARN.String())
		e.text("url", v.URL)
		e.texts("clientIds", v.ClientIDs)
		e.texts("thumbprints", v.Thumbprints)
		e.time("validUntil", v.ValidUntil)
		e.time("created", v.Created)
	})
}

func (e *encoder) delegated(a DelegatedAdministrator) {
	e.object(func() {
		e.text("account", a.Account)
		e.texts("services", a.Services)
	})
}

func (e *encoder) unit(u Unit) {
	e.object(func() {
		e.text("account", u.Account)
		e.text("region", u.Region)
		e.text("section", u.Section)
		e.text("state", u.State.String())
		e.text("reason", u.Reason)
	})
}
