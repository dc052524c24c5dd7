package digest

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what is verified. The zero Options are for a copy of a whole bucket, as far as it
// goes.
type Options struct {
	// From and To limit the period, by time of delivery: digests of which a part is in it are
	// verified, with their log files. Zero: as far as the copy goes, which is no proof that it
	// goes back to the first digest or up to the last.
	From, To time.Time

	// Expect are accounts and Regions whose digests must be in the copy, as "111122223333/eu-west-1".
	// What is not there with all its digests and log files is not missed otherwise.
	Expect []string

	Bucket    string // that the copy is of; empty: whichever the digests name, the newest of each chain the same
	Prefix    string // of the keys, before the paths of the copy: "logs/" for a copy of s3://bucket/logs/
	Relocated bool   // the copy begins elsewhere: compare keys and paths from AWSLogs/ on only

	Signatures map[string]Metadata // of digests, by key in the bucket; files "….meta.json" come first
	Progress   func(Progress)      // called after each file, one call at a time; nil: not
}

// Progress says how far [Verify] is.
type Progress struct {
	Files, Total int   // read, and to be read as far as is known
	Bytes        int64 // read, as stored
}

// Verify validates the digests and log files of a copy of a bucket against each other and the
// public keys. What it finds is in the report, not in the error, which is of the context, of the
// keys and options, or that the root of the copy cannot be read.
//
// It reads each digest of the period, and those next to it, and each log file once, with as
// many goroutines as there are processors. It keeps paths, hashes and verdicts, never contents.
func Verify(ctx context.Context, fsys fs.FS, keys []PublicKey, o Options) (*Report, error) {
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		return nil, fmt.Errorf("the period ends at %s, before it begins at %s", stamp(o.To), stamp(o.From))
	}
	for _, e := range o.Expect {
		if !expected.MatchString(e) {
			return nil, fmt.Errorf("%q: want ACCOUNT/REGION, as 111122223333/eu-west-1", e)
		}
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	v := &verifier{
		fsys: fsys, o: o, report: &Report{From: o.From, To: o.To},
		keys: make(map[string][]PublicKey), chains: make(map[chainID][]digestFile), metas: make(map[string]bool),
		listed: make(map[string]string), covers: make(map[folder][]Period),
	}
	v.inflaters.New = func() any { return newInflater() }
	for _, k := range keys {
		v.keys[k.Fingerprint] = append(v.keys[k.Fingerprint], k)
	}
	if err := v.index(ctx); err != nil {
		return nil, err
	}
	v.manifest()
	ids := slices.SortedFunc(maps.Keys(v.chains), compareIDs)
	for _, id := range ids {
		v.total += len(v.chains[id])
	}
	for _, id := range ids {
		if err := v.chain(ctx, id); err != nil {
			return nil, err
		}
	}
	if err := v.readLogs(ctx); err != nil {
		return nil, err
	}
	v.periods()
	v.buckets()
	v.unlisted()
	v.expect()
	v.hint()
	v.findings()
	return v.report, nil
}

// A verifier is the state of one Verify.
type verifier struct {
	fsys   fs.FS
	o      Options
	keys   map[string][]PublicKey
	report *Report

	chains map[chainID][]digestFile
	metas  map[string]bool   // by path of the digest; what is not read yet
	logs   []string          // paths
	strays []string          // of files among log files that are not named as such
	listed map[string]string // by path of a log file: the first digest that lists it
	work   []*work
	covers map[folder][]Period // what Valid digests cover, with log files or without

	inflaters sync.Pool

	mu    sync.Mutex // of what follows
	done  int
	total int
	bytes int64
}

type digestFile struct {
	path  string
	end   time.Time // as its name says
	there bool      // false: only its metadata is
}

// index sorts the files by what their names say that they are.
func (v *verifier) index(ctx context.Context) error {
	return fs.WalkDir(v.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if p == "." {
				return err
			}
			v.find(Unproved, Unreadable, p, err.Error())
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		v.sort(p)
		return nil
	})
}

func (v *verifier) sort(p string) {
	if of, isMeta := strings.CutSuffix(p, ".meta.json"); isMeta {
		if _, _, ok := digestOf(v.o.Prefix + of); ok {
			v.metas[of] = true
			return
		}
	}
	if id, end, ok := digestOf(v.o.Prefix + p); ok {
		id = v.id(id, p)
		v.chains[id] = append(v.chains[id], digestFile{p, end, true})
		return
	}
	if _, _, ok := logOf(v.o.Prefix + p); ok {
		v.logs = append(v.logs, p)
		return
	}
	name := path.Base(p)
	isData := !strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".json")
	if _, ok := logFolder(v.o.Prefix + p); ok && isData {
		v.strays = append(v.strays, p)
		return
	}
	if strings.Contains("/"+v.o.Prefix+p, "/CloudTrail-Digest/") && isData {
		v.find(Unproved, DigestName, p, "in a folder of digests, and not named as one: it was renamed, or CloudTrail did not deliver it")
		return
	}
	v.report.Others++
}

// id is the chain of a path; in a relocated copy chains of different roots are different.
func (v *verifier) id(id chainID, p string) chainID {
	if v.o.Relocated {
		at, _ := placeOf(p)
		id.root = at.root
	}
	return id
}

// manifest adds the digests that only metadata knows of: files of metadata without their digest,
// and keys of Options.Signatures.
func (v *verifier) manifest() {
	known := make(map[string]bool)
	for _, files := range v.chains {
		for _, f := range files {
			known[f.path] = true
		}
	}
	for _, p := range slices.Sorted(maps.Keys(v.metas)) {
		if id, end, ok := digestOf(v.o.Prefix + p); ok && !known[p] {
			known[p] = true
			v.chains[v.id(id, p)] = append(v.chains[v.id(id, p)], digestFile{p, end, false})
		}
	}
	if v.o.Relocated {
		return // keys do not tell paths
	}
	for _, key := range slices.Sorted(maps.Keys(v.o.Signatures)) {
		p, ok := strings.CutPrefix(key, v.o.Prefix)
		if id, end, isDigest := digestOf(key); ok && isDigest && !known[p] {
			v.chains[id] = append(v.chains[id], digestFile{p, end, false})
		}
	}
}

func compareIDs(a, b chainID) int {
	return cmp.Or(strings.Compare(a.account, b.account), strings.Compare(a.region, b.region), strings.Compare(a.trail, b.trail), strings.Compare(a.home, b.home),
		strings.Compare(a.organization, b.organization), strings.Compare(a.root, b.root), order(a.backfill, b.backfill))
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// local is the path in the copy of a key that the digest at a path names.
func (v *verifier) local(from string, b *body, key string) (string, bool) {
	if !v.o.Relocated {
		return strings.CutPrefix(key, v.o.Prefix)
	}
	own, _ := placeOf(b.key)
	its, ok := placeOf(key)
	at, _ := placeOf(from)
	return at.root + its.tail, ok && own.root == its.root
}

// isMoved says what of its place is not as a digest says.
func (v *verifier) isMoved(p string, b *body) string {
	if v.o.Bucket != "" && b.bucket != v.o.Bucket {
		return "it is signed for the bucket " + b.bucket
	}
	if !v.o.Relocated {
		if v.o.Prefix+p != b.key {
			return "it is signed for the key " + b.key
		}
		return ""
	}
	own, ok := placeOf(b.key)
	if at, here := placeOf(p); !ok || !here || own.tail != at.tail {
		return "it is signed for the key " + b.key
	}
	return ""
}

func (v *verifier) find(s Severity, c Code, subject, reason string) {
	v.report.Findings = append(v.report.Findings, Finding{s, c, subject, reason})
}

// advance counts a file that was read.
func (v *verifier) advance(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.bytes += n
	if v.o.Progress != nil {
		v.o.Progress(Progress{v.done, max(v.done, v.total), v.bytes})
	}
}

// expect finds accounts and Regions that have no digest of the period.
func (v *verifier) expect() {
	for _, e := range v.o.Expect {
		account, region, _ := strings.Cut(e, "/")
		if !slices.ContainsFunc(v.report.Chains, func(c Chain) bool {
			return c.Account == account && c.Region == region && !c.Backfill && slices.ContainsFunc(c.Digests, func(d Digest) bool { return d.Verdict == Valid })
		}) {
			v.find(Unproved, ChainMissing, account+" "+region, "expected, and no valid digest of the period is here")
		}
	}
}

// buckets finds chains of several buckets, as the newest digests of each name them: one of them may
// stand in the place of another that was deleted. Where a trail changed its bucket, the chain goes on.
func (v *verifier) buckets() {
	if v.o.Bucket != "" {
		return
	}
	chains := make(map[string]string) // the first of each bucket
	for i := range v.report.Chains {
		c := &v.report.Chains[i]
		if at := slices.IndexFunc(c.Digests, func(d Digest) bool { return d.Verdict == Valid }); at >= 0 && chains[c.Digests[at].Bucket] == "" {
			chains[c.Digests[at].Bucket] = c.Name()
		}
	}
	if len(chains) < 2 {
		return
	}
	var list []string
	for _, bucket := range slices.Sorted(maps.Keys(chains)) {
		list = append(list, bucket+" ("+chains[bucket]+")")
	}
	v.find(Unproved, OtherBucket, ".", "a copy is of one bucket, and its chains are of "+strings.Join(list, ", ")+": verify copies of several apart, each with the name of its bucket")
}

// hint notes how a copy that is only in another place than its digests say can be verified.
func (v *verifier) hint() {
	prefix, n := "", 0
	for i := range v.report.Chains {
		for _, d := range v.report.Chains[i].Digests {
			if d.Path == "" || d.Key == "" {
				continue
			}
			before, ok := strings.CutSuffix(d.Key, d.Path)
			if d.Code != DigestMoved || n > 0 && before != prefix || ok && before == v.o.Prefix {
				return
			}
			if own, _ := placeOf(d.Key); !ok && path.Base(d.Key) == path.Base(d.Path) && own.tail != "" {
				v.find(Note, LocationHint, ".", "digests are signed for keys like "+d.Key+": if the copy was made elsewhere than at the root of the bucket, verify it as relocated")
				return
			}
			if !ok {
				return
			}
			prefix, n = before, n+1
		}
	}
	if n > 0 {
		v.find(Note, LocationHint, ".", fmt.Sprintf("each digest is signed for a key that is %q and its path: verify the copy with that prefix", prefix))
	}
}

// findings adds what the verdicts say, and sorts.
func (v *verifier) findings() {
	severity := func(verdict Verdict) Severity {
		if verdict == Unverified {
			return Unproved
		}
		return Tampering
	}
	log := func(l *Log) {
		if l.Verdict != Valid {
			v.find(severity(l.Verdict), l.Code, cmp.Or(l.Path, l.Key), l.Reason)
		}
	}
	r := v.report
	for i := range r.Chains {
		for j := range r.Chains[i].Digests {
			d := &r.Chains[i].Digests[j]
			if d.Verdict != Valid {
				v.find(severity(d.Verdict), d.Code, cmp.Or(d.Path, d.Key), d.Reason)
			}
			for k := range d.Logs {
				log(&d.Logs[k])
			}
		}
	}
	for i := range r.Unlisted {
		log(&r.Unlisted[i])
	}
	switch {
	case slices.ContainsFunc(r.Chains, func(c Chain) bool { return len(c.Digests) > 0 }):
	case len(r.Chains) > 0:
		v.find(Unproved, NoDigests, ".", "no digests of the period")
	default:
		v.find(Unproved, NoDigests, ".", "no digest files: keys of digests are like AWSLogs/ACCOUNT/CloudTrail-Digest/REGION/…")
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Subject, b.Subject), strings.Compare(a.Reason, b.Reason))
	})
	r.Findings = slices.Compact(r.Findings)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
