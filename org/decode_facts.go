package org

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/jsontree"
)

func (d *decoder) time(to *time.Time) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.String {
			d.fail(n.Start, p, `is %s; want a time such as "2024-05-01T10:00:00Z"`, n.Kind)
			return
		}
		t, err := time.Parse(time.RFC3339, n.Text)
		if err != nil || !isTime(t) {
			d.fail(n.Start, p, `%q is no time; want one such as "2024-05-01T10:00:00Z"`, clip(n.Text))
			return
		}
		*to = t
	}
}

// isTime reports whether a snapshot can hold t.
func isTime(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 && !t.IsZero() }

func (d *decoder) integer(to *int) visit {
	return func(n *jsontree.Node, p *path) {
		i, err := strconv.Atoi(n.Text)
		if n.Kind != jsontree.Number || err != nil || i < 0 || i > math.MaxInt32 {
			d.fail(n.Start, p, "is %s; want a whole number", n.Kind)
			return
		}
		*to = i
	}
}

func (d *decoder) duration(to *time.Duration) visit {
	return func(n *jsontree.Node, p *path) {
		var seconds int
		d.integer(&seconds)(n, p)
		*to = time.Duration(seconds) * time.Second
	}
}

// eachKnown is array, which makes a list that is not nil even where the array is empty.
func eachKnown[T any](d *decoder, to *[]T, one func(n *jsontree.Node, p *path) T) visit {
	return func(n *jsontree.Node, p *path) {
		*to = make([]T, 0, len(n.Elements))
		d.array(func(n *jsontree.Node, p *path) { *to = append(*to, one(n, p)) })(n, p)
	}
}

func (d *decoder) credentials(to **Credentials) visit {
	return func(n *jsontree.Node, p *path) {
		c := new(Credentials)
		d.object(n, p, "an object, credentials",
			field{"password", d.password(&c.Password)},
			field{"mfa", d.mfa(&c.MFA)},
			field{"accessKeys", eachKnown(d, &c.AccessKeys, d.accessKey)},
			field{"certificates", eachKnown(d, &c.Certificates, d.certificate)})
		*to = c
	}
}

func (d *decoder) password(to **Password) visit {
	return func(n *jsontree.Node, p *path) {
		w := new(Password)
		d.object(n, p, "an object, a password",
			field{"enabled", d.boolean(&w.Enabled)},
			field{"changed", d.time(&w.Changed)},
			field{"nextRotation", d.time(&w.NextRotation)},
			field{"used", d.usage(&w.Used)})
		*to = w
	}
}

func (d *decoder) mfa(to **MFA) visit {
	return func(n *jsontree.Node, p *path) {
		m := new(MFA)
		d.object(n, p, "an object, MFA",
			field{"active", d.boolean(&m.Active)},
			field{"devices", eachKnown(d, &m.Devices, func(n *jsontree.Node, p *path) (v MFADevice) {
				d.object(n, p, "an object, an MFA device",
					field{"serial", d.text(&v.Serial)},
					field{"enabled", d.time(&v.Enabled)})
				return v
			})})
		*to = m
	}
}

func (d *decoder) accessKey(n *jsontree.Node, p *path) (k AccessKey) {
	d.object(n, p, "an object, an access key",
		field{"id", d.text(&k.ID)},
		field{"active", d.boolean(&k.Active)},
		field{"created", d.time(&k.Created)},
		field{"used", d.usage(&k.Used)})
	return k
}

func (d *decoder) certificate(n *jsontree.Node, p *path) (c Certificate) {
	d.object(n, p, "an object, a certificate",
		field{"active", d.boolean(&c.Active)},
		field{"created", d.time(&c.Created)})
	return c
}

func (d *decoder) usage(to *Usage) visit {
	return func(n *jsontree.Node, p *path) {
		d.object(n, p, "an object, when something was last used",
			field{"at", d.time(&to.At)},
			field{"never", d.boolean(&to.Never)},
			field{"region", d.text(&to.Region)},
			field{"service", d.text(&to.Service)})
	}
}

func (d *decoder) passwordPolicy(to **PasswordPolicy) visit {
	return func(n *jsontree.Node, p *path) {
		w := new(PasswordPolicy)
		d.object(n, p, "an object, a password policy",
			field{"default", d.boolean(&w.Default)},
			field{"minimumLength", d.integer(&w.MinimumLength)},
			field{"requireSymbols", d.boolean(&w.RequireSymbols)},
			field{"requireNumbers", d.boolean(&w.RequireNumbers)},
			field{"requireUppercase", d.boolean(&w.RequireUppercase)},
			field{"requireLowercase", d.boolean(&w.RequireLowercase)},
			field{"usersMayChange", d.boolean(&w.UsersMayChange)},
			field{"maxAge", d.integer(&w.MaxAge)},
			field{"rememberLast", d.integer(&w.RememberLast)},
			field{"hardExpiry", d.boolean(&w.HardExpiry)})
		*to = w
	}
}

func (d *decoder) provider(n *jsontree.Node, p *path) (v Provider) {
	d.object(n, p, "an object, an identity provider",
		field{"arn", d.arn(&v.ARN)},
		field{"url", d.text(&v.URL)},
		field{"clientIds", d.texts(&v.ClientIDs)},
		field{"thumbprints", d.texts(&v.Thumbprints)},
		field{"validUntil", d.time(&v.ValidUntil)},
		field{"created", d.time(&v.Created)})
	return v
}

func (d *decoder) delegated(n *jsontree.Node, p *path) (a DelegatedAdministrator) {
	d.object(n, p, "an object, a delegated administrator",
		field{"account", d.text(&a.Account)},
		field{"services", d.texts(&a.Services)})
	return a
}

func (d *decoder) unit(n *jsontree.Node, p *path) (u Unit) {
	d.object(n, p, "an object, a part of AWS's state",
		field{"account", d.text(&u.Account)},
		field{"region", d.text(&u.Region)},
		field{"section", d.text(&u.Section)},
		field{"state", d.state(&u.State)},
		field{"reason", d.text(&u.Reason)})
	return u
}

func (d *decoder) state(to *State) visit {
	return func(n *jsontree.Node, p *path) {
		for s, name := range stateNames {
			if n.Kind == jsontree.String && n.Text == name {
				*to = State(s)
				return
			}
		}
		d.fail(n.Start, p, "is no state; want one of %s", strings.Join(stateNames[:], ", "))
	}
}
