package detect

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
)

// A Config is what the rules need to know besides events. What it lacks makes rules be
// skipped, with the reason. In ARNs that name principals * stands for any text, or none.
type Config struct {
	BreakGlass []string          // ARNs of the roles and users for emergencies
	Tickets    *Tickets          // where the reason of a break-glass use is; nil: not known
	Networks   []Network         // where credentials are used from
	LearnUntil time.Time         // where keys were used before is where they are expected; zero: no such time
	Pipelines  []string          // ARNs of the principals that are to change permission sets
	Leavers    []Leaver          // nil: not known
	People     map[string]string // ARN of an IAM user, or a role, that only one person uses: the person
	LogBuckets []string          // buckets of log files, besides those of Trails

	Organization   *org.Organization        // nil: not known
	IdentityCenter *identitycenter.Instance // nil: not known
	Trails         []cloudtrail.Trail       // nil: not known
	Monitoring     *Monitoring              // nil: not known

	Since, Until time.Time // events from Since on and before Until; zero: all
	Samples      int       // events that a finding names, the first ones; 0: three
}

// Tickets are where the reason of a break-glass use is found.
type Tickets struct {
	// Pattern finds a ticket in the name of a session, in its source identity, and in the
	// session tag Tag; nil: there is none in them.
	Pattern  *regexp.Regexp
	Tag      string   // empty: none
	Register []Ticket // that somebody keeps
}

// A Ticket is the reason of the use of a principal for a time.
type Ticket struct {
	ID          string
	Principal   string // its ARN
	From, Until time.Time
}

// A Network is where credentials are used from. What several networks are said of may be
// used from each.
type Network struct {
	Who   []string // IDs of access keys, and ARNs of principals
	CIDRs []netip.Prefix
}

// A Leaver is somebody whose access was to end.
type Leaver struct {
	Who []string // user names and IDs in IAM Identity Center, ARNs of IAM users, IDs of access keys
	At  time.Time
}

// ReadConfig reads the JSON text of a [Config], but for what other files hold: breakGlass,
// tickets (pattern, tag, register of id, principal, from and until), networks (who, cidrs),
// learnUntil, pipelines, leavers (who, at), people and logBuckets. The error joins all that is
// wrong, each with file, line and column.
func ReadConfig(file string, src []byte) (Config, error) {
	var errs []error
	source := &form.Source{File: file, Src: src}
	report := func(p *form.Problem) {
		path := p.Path
		if path != "" {
			path += ": "
		}
		errs = append(errs, fmt.Errorf("%s:%s: %s%w", p.File, p.Position, path, p.Err))
	}
	if p := source.Parse(); p != nil {
		report(p)
		return Config{}, errs[0]
	}
	var c Config
	d := &configDecoder{form.Decoder{Source: source, Report: report}}
	d.config(&c)
	if len(errs) > 0 {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}

type configDecoder struct{ form.Decoder }

func (d *configDecoder) config(c *Config) {
	d.Object(d.Root, nil, "an object, a configuration",
		form.Member("breakGlass", d.Texts(&c.BreakGlass)),
		form.Member("tickets", func(n *jsontree.Node, p *form.Path) {
			c.Tickets = new(Tickets)
			d.tickets(c.Tickets, n, p)
		}),
		form.Member("networks", d.Array(func(n *jsontree.Node, p *form.Path) {
			var w Network
			d.Object(n, p, "an object, a network", form.Must("who", d.Texts(&w.Who)), form.Must("cidrs", d.prefixes(&w.CIDRs)))
			c.Networks = append(c.Networks, w)
		})),
		form.Member("learnUntil", d.Time(&c.LearnUntil)),
		form.Member("pipelines", d.Texts(&c.Pipelines)),
		form.Member("leavers", form.Known(&d.Decoder, &c.Leavers, func(n *jsontree.Node, p *form.Path) (l Leaver) {
			d.Object(n, p, "an object, a leaver", form.Must("who", d.Texts(&l.Who)), form.Must("at", d.Time(&l.At)))
			return l
		})),
		form.Member("people", d.Tags(&c.People)),
		form.Member("logBuckets", d.Texts(&c.LogBuckets)))
}

func (d *configDecoder) tickets(t *Tickets, n *jsontree.Node, p *form.Path) {
	d.Object(n, p, "an object, where tickets are",
		form.Member("pattern", func(n *jsontree.Node, p *form.Path) {
			var text string
			if d.Text(&text)(n, p); text == "" {
				return
			}
			re, err := regexp.Compile(text)
			if err != nil {
				d.Fail(n.Start, p, "%w; want a regular expression as in package regexp of Go", err)
				return
			}
			t.Pattern = re
		}),
		form.Member("tag", d.Text(&t.Tag)),
		form.Member("register", d.Array(func(n *jsontree.Node, p *form.Path) {
			var k Ticket
			d.Object(n, p, "an object, a ticket", form.Must("id", d.Text(&k.ID)), form.Must("principal", d.Text(&k.Principal)), form.Must("from", d.Time(&k.From)), form.Must("until", d.Time(&k.Until)))
			t.Register = append(t.Register, k)
		})))
	if t.Pattern == nil && t.Register == nil {
		d.Fail(n.Start, p, "neither pattern nor register; want one of them")
	}
	if t.Pattern == nil && t.Tag != "" {
		d.Fail(n.Start, p, "tag without pattern; want the pattern of tickets in it")
	}
}

func (d *configDecoder) prefixes(to *[]netip.Prefix) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) {
		var text string
		d.Text(&text)(n, p)
		if n.Kind != jsontree.String {
			return
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix != prefix.Masked() {
			d.Fail(n.Start, p, "%q; want a network such as \"203.0.113.0/24\"", form.Clip(text))
			return
		}
		*to = append(*to, prefix)
	})
}
