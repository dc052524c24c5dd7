package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/digesttest"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const (
	home      = "eu-west-3" // of the workloads and of the trail
	usEast    = "us-east-1" // of services without Regions
	bucket    = "exemplia-org-trail"
	trailName = "exemplia-org"
	perFile   = 5000 // records at most
)

// settings are those of the command line.
type settings struct {
	seed        uint64
	days, scale int
	every       time.Duration
}

var start = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// A place is whose events they are: each has its own log files and digests.
type place struct{ account, region string }

// A month is the making of a sample.
type month struct {
	settings
	dice
	org      *org.Organization
	instance *identitycenter.Instance
	records  map[place][]record // of the day
	addresses,
	agents map[string]string
}

// write makes the sample, day by day. The order of the files is that of their making.
func (s settings) write(put func(name string, data []byte) error) error {
	o, i, err := sample()
	if err != nil {
		return err
	}
	m := &month{
		settings: s, dice: dice{rand.New(rand.NewPCG(s.seed, 0))}, org: o, instance: i,
		addresses: make(map[string]string), agents: make(map[string]string),
	}
	keys := make(map[string]*digesttest.Key) // by Region
	trails := make(map[place]*digesttest.Trail)
	newest := make(map[place]digesttest.Object)
	for day := range s.days {
		at := start.AddDate(0, 0, day)
		m.records = make(map[place][]record)
		m.day(at)
		// A chain of digests begins when the trail does, with or without events.
		for _, p := range m.places(trails) {
			if trails[p] != nil {
				continue
			}
			if keys[p.region] == nil {
				if keys[p.region], err = digesttest.NewKey(s.seed<<8+uint64(len(keys)), start.AddDate(0, -1, 0), start.AddDate(0, 6, 0)); err != nil {
					return err
				}
			}
			trails[p] = &digesttest.Trail{
				Bucket: bucket, Organization: o.ID(), Account: p.account, Region: p.region, Name: trailName, HomeRegion: home, Key: keys[p.region],
			}
			trails[p].Begin(at)
		}
		for _, p := range m.places(trails) {
			if newest[p], err = m.deliver(trails[p], at, m.records[p], put); err != nil {
				return err
			}
		}
	}
	for _, p := range m.places(trails) {
		o := newest[p]
		head, err := o.HeadObject()
		if err != nil {
			return err
		}
		if err := put(o.Key+".meta.json", append(head, '\n')); err != nil {
			return err
		}
	}
	var sorted []*digesttest.Key
	for _, region := range slices.Sorted(maps.Keys(keys)) {
		sorted = append(sorted, keys[region])
	}
	list, err := digesttest.List(sorted...)
	if err != nil {
		return err
	}
	return put("public-keys.json", list)
}

// places are those of the records and of the trails, in their order.
func (m *month) places(trails map[place]*digesttest.Trail) []place {
	out := slices.AppendSeq(slices.Collect(maps.Keys(m.records)), maps.Keys(trails))
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(strings.Compare(a.account, b.account), strings.Compare(a.region, b.region))
	})
	return slices.Compact(out)
}

// deliver writes the log files and digests of a day, and returns the last digest.
func (m *month) deliver(t *digesttest.Trail, day time.Time, list []record, put func(string, []byte) error) (last digesttest.Object, err error) {
	slices.SortStableFunc(list, func(a, b record) int { return a.Time.Compare(b.Time) })
	for end := day.Add(m.every); !end.After(day.AddDate(0, 0, 1)); end = end.Add(m.every) {
		n := 0
		for n < len(list) && list[n].Time.Before(end) {
			n++
		}
		// A file comes some minutes after its last event.
		for part := range slices.Chunk(list[:n], perFile) {
			text, err := marshal(part)
			if err != nil {
				return last, err
			}
			o, err := t.Log(end.Add(-5*time.Minute), m.letters(16), text)
			if err == nil {
				err = put(o.Key, o.Data)
			}
			if err != nil {
				return last, err
			}
		}
		list = list[n:]
		if last, err = t.Digest(end); err == nil {
			err = put(last.Key, last.Data)
		}
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

// day is what everybody does on one.
func (m *month) day(at time.Time) {
	weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
	number := int(at.Sub(start).Hours()/24) + 1
	if !weekend {
		for _, u := range m.instance.Spec().Users {
			// Jonas leaves on the 9th: his user is off in Identity Center from then on.
			if !u.Disabled || number < 9 {
				m.person(at, u)
			}
		}
		m.pipelines(at)
		m.vendors(at)
	}
	m.iamUsers(at, number, weekend)
	m.machines(at)
	m.incidents(at, number)
}

// put adds a record: it fills in what all have.
func (m *month) put(r record) {
	r.EventVersion, r.RequestID, r.ID = "1.11", m.uuid(), m.uuid()
	r.Management, r.Category = true, "Management"
	r.Type = cmp.Or(r.Type, "AwsApiCall")
	r.Time = r.Time.Truncate(time.Second)
	if r.Type == "AwsApiCall" && !strings.HasSuffix(r.SourceIP, ".amazonaws.com") {
		service, _, _ := strings.Cut(r.Source, ".")
		r.TLS = &tls{"TLSv1.3", "TLS_AES_128_GCM_SHA256", service + "." + r.Region + ".amazonaws.com"}
	}
	p := place{r.Account, r.Region}
	m.records[p] = append(m.records[p], r)
}

// A caller is somebody in a session, or with a key.
type caller struct {
	identity
	account   string
	ip, agent string
	console   bool
}

// call makes one of the calls at a time.
func (m *month) call(at time.Time, c caller, list []call) {
	total := 0
	for _, one := range list {
		total += max(one.weight, 1)
	}
	n := m.IntN(total)
	for _, one := range list {
		if n -= max(one.weight, 1); n < 0 {
			m.one(at, c, one)
			return
		}
	}
}

func (m *month) one(at time.Time, c caller, one call) {
	regional := one.source == "ec2" || one.source == "guardduty" || one.source == "config"
	if regional && one.region != "" && one.region != home && m.limited(c.account) {
		one.fails = "with an explicit deny in a service control policy"
	}
	fill := strings.NewReplacer("${account}", c.account, "${random}", m.uuid(), "${key}", keyOf(c.account))
	r := record{
		Identity: c.identity, Time: at, Source: one.source + ".amazonaws.com", Name: one.name, Region: cmp.Or(one.region, home), SourceIP: c.ip, UserAgent: c.agent,
		ReadOnly: one.readOnly, Account: c.account,
	}
	if one.parameters != nil {
		r.Parameters = filled(one.parameters, fill).(map[string]any)
	}
	if one.resource != "" {
		r.Resources = []resource{{AccountID: c.account, Type: one.kind, ARN: fill.Replace(one.resource)}}
	}
	if c.console {
		r.FromConsole = "true"
	}
	if one.via != "" {
		r.Identity.InvokedBy, r.SourceIP, r.UserAgent, r.FromConsole = one.via, one.via, one.via, ""
	}
	if one.fails != "" {
		r.ErrorCode = "AccessDenied"
		if one.source == "ec2" {
			r.ErrorCode = "Client.UnauthorizedOperation"
		}
		name := strings.TrimRight(one.name, "0123456789v")
		r.ErrorMessage = fmt.Sprintf("User: %s is not authorized to perform: %s:%s on resource: * %s", c.identity.ARN, one.source, name, one.fails)
	}
	m.put(r)
}

// filled is a value whose texts have what stands for the placeholders.
func filled(v any, with *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return with.Replace(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = filled(v[i], with)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = filled(v[name], with)
		}
		return out
	}
	return v
}

// keyOf is the ID of the KMS key of an account.
func keyOf(account string) string {
	d := account[:1]
	return strings.Repeat(d, 4) + "aaaa-" + strings.Repeat(d, 4) + "-4" + strings.Repeat(d, 3) + "-8" + strings.Repeat(d, 3) + "-" + strings.Repeat(d, 12)
}

// roles of an account, but for those of Identity Center and of services.
func (m *month) roles(account string) map[string]org.Role {
	out := make(map[string]org.Role)
	a, _ := m.org.Account(account)
	for _, r := range a.Roles {
		if path := r.ARN.Resource(); !strings.Contains(path, "/aws-") {
			out[path[strings.LastIndexByte(path, '/')+1:]] = r
		}
	}
	return out
}

// in is a session of a role.
func (m *month) in(role org.Role, name string, at time.Time, mfa bool) caller {
	account := role.ARN.AccountID()
	plain := role.ARN.Resource()
	plain = plain[strings.LastIndexByte(plain, '/')+1:]
	id := cmp.Or(role.ID, "AROAEXAMPLE"+strings.ToUpper(fmt.Sprintf("%x", account))[:10])
	return caller{account: account, identity: identity{
		Type: "AssumedRole", PrincipalID: id + ":" + name, ARN: "arn:aws:sts::" + account + ":assumed-role/" + plain + "/" + name, AccountID: account, AccessKey: m.temporary(),
		Session: &session{
			Issuer:     &issuer{"Role", id, role.ARN.String(), account, plain},
			Attributes: attributes{at.Truncate(time.Second), fmt.Sprint(mfa)},
		},
	}}
}

// address is where somebody calls from, always the same for one name.
func (m *month) address(name, network string) string {
	if m.addresses[name] == "" {
		m.addresses[name] = fmt.Sprintf("%s.%d", network, len(m.addresses)%250+2)
	}
	return m.addresses[name]
}

// moment is a time of the day, from one hour to another.
func (m *month) moment(day time.Time, from, to int) time.Time {
	return day.Add(time.Duration(from)*time.Hour + time.Duration(m.Int64N(int64(to-from)*int64(time.Hour))))
}

// assumed is the record of AssumeRole and its like in the account of the role.
func (m *month) assumed(at time.Time, who identity, name, ip, agent, region string, c caller, parameters map[string]any) {
	issuer := c.identity.Session.Issuer
	_, session, _ := strings.Cut(c.identity.PrincipalID, ":")
	p := map[string]any{"roleArn": issuer.ARN, "roleSessionName": session}
	maps.Copy(p, parameters)
	m.put(record{
		Identity: who, Time: at, Source: "sts.amazonaws.com", Name: name, Region: region, SourceIP: ip, UserAgent: agent, ReadOnly: true, Account: c.account, Parameters: p,
		Response: map[string]any{
			"credentials":     map[string]any{"accessKeyId": c.identity.AccessKey, "expiration": at.Add(time.Hour).Format("Jan 2, 2006, 3:04:05 PM"), "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"},
			"assumedRoleUser": map[string]any{"assumedRoleId": c.identity.PrincipalID, "arn": c.identity.ARN},
		},
		Resources: []resource{{c.account, "AWS::IAM::Role", issuer.ARN}},
	})
}

// principal is the role of a principal.
func (m *month) role(arn policy.ARN) org.Role {
	r, ok := m.org.Role(arn)
	if !ok {
		panic("trail: the sample organization has no role " + arn.String())
	}
	return r
}
