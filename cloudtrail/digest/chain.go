package digest

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// Digests are signed shortly after the end of their period, maybe with the key that came into
// force in between.
const signedWithin = 2 * time.Hour

// The usual period of a digest; that of a digest which cannot be read is not known.
const usualPeriod = time.Hour

// work is a chain that is verified.
type work struct {
	id     chainID
	states []*state // the newest first
}

// A state is a digest that is verified.
type state struct {
	Digest
	named   time.Time // the end of its period, as its name says
	inScope bool      // in the period that was asked for; others only tell of their neighbours
	body    *body     // nil if it could not be read
	meta    *Metadata // nil if it is not here
	linkers []*state  // the digests that name it as their previous one
}

// chain verifies the digests of a chain, the newest first, since each has the signature of the
// previous one.
func (v *verifier) chain(ctx context.Context, id chainID) error {
	files := v.chains[id]
	slices.SortFunc(files, func(a, b digestFile) int {
		return cmp.Or(b.end.Compare(a.end), strings.Compare(b.path, a.path))
	})
	w := &work{id: id}
	v.work = append(v.work, w)
	pending := make(map[string][]*state)
	var buf bytes.Buffer
	for _, f := range v.window(files) {
		s := &state{Digest: Digest{Path: f.path, End: f.end}, named: f.end, linkers: pending[f.path]}
		delete(pending, f.path)
		w.states = append(w.states, s)
		v.judge(s, v.readDigest(ctx, f, s, &buf), len(w.states) == 1)
		if err := ctx.Err(); err != nil {
			return err
		}
		if b := s.body; b != nil && b.previous != nil {
			p, ok := v.local(f.path, b, b.previous.key)
			if !ok && s.inScope && s.Verdict != Invalid {
				v.find(Unproved, OtherBucket, f.path, "the previous digest is under another prefix of the bucket: "+b.previous.key)
			}
			if ok {
				pending[p] = append(pending[p], s)
			}
		}
	}
	v.missing(w, pending)
	v.restarts(w)
	return nil
}

// window leaves out the digests that tell nothing of the period that was asked for: but for two
// after it, since the one may reach into it and the other has its signature, and one before it,
// which may list log files of its beginning.
func (v *verifier) window(files []digestFile) []digestFile {
	first, last := 0, len(files)
	if !v.o.To.IsZero() {
		n := 0
		for n < len(files) && !files[n].end.Before(v.o.To) {
			n++
		}
		first = max(0, n-2)
	}
	if !v.o.From.IsZero() {
		for i, f := range files {
			if !f.end.After(v.o.From) {
				last = i + 1
				break
			}
		}
	}
	return files[min(first, last):last]
}

// overlaps reports whether a part of a period is in the one that was asked for.
func (v *verifier) overlaps(from, to time.Time) bool {
	return (v.o.From.IsZero() || to.After(v.o.From)) && (v.o.To.IsZero() || from.Before(v.o.To))
}

// readDigest reads a digest and sets what it says of itself.
func (v *verifier) readDigest(ctx context.Context, f digestFile, s *state, buf *bytes.Buffer) *problem {
	s.inScope = v.overlaps(f.end.Add(-usualPeriod), f.end)
	s.Key = v.o.Prefix + f.path
	if v.o.Relocated {
		s.Key = ""
	}
	if !f.there {
		s.Path = ""
		s.Key = cmp.Or(s.Key, f.path)
		return &problem{Missing, DigestMissing, "its metadata is there, and it is not"}
	}
	buf.Reset()
	if p := v.content(ctx, f.path, maxDigest, DigestFormat, buf); p != nil {
		if p == errMissing {
			return &problem{Unverified, Changed, "it vanished while the copy was read"}
		}
		return p
	}
	b, err := parseBody(buf.Bytes())
	if err != nil {
		return &problem{Invalid, DigestFormat, "not a digest: " + err.Error()}
	}
	s.body = b
	s.Key, s.Bucket, s.Start, s.End, s.Fingerprint = b.key, b.bucket, b.start, b.end, b.fingerprint
	s.inScope = v.overlaps(b.start, b.end)
	s.Logs = make([]Log, len(b.logs))
	for i, e := range b.logs {
		s.Logs[i].Key = e.key
	}
	v.readMetadata(ctx, s)
	return nil
}

// judge decides about a digest.
func (v *verifier) judge(s *state, p *problem, newest bool) {
	if p == nil {
		p = v.problemOf(s, newest)
	}
	if p == nil {
		p = &problem{verdict: Valid}
	}
	s.Verdict, s.Code, s.Reason = p.verdict, p.code, p.reason
}

// algorithm is that of the signature; metadata says it of the signature that it has.
func (s *state) algorithm() string {
	if s.meta != nil && s.meta.Algorithm != "" {
		return s.meta.Algorithm
	}
	return s.body.algorithm
}

// differs reports whether a link gives another hash than a digest has.
func (l *link) differs(b *body) bool { return l.hashKnown && l.hash != b.hash }

func (v *verifier) problemOf(s *state, newest bool) *problem {
	b := s.body
	if why := v.isMoved(s.Path, b); why != "" {
		return &problem{Invalid, DigestMoved, why}
	}
	s.linkers = slices.DeleteFunc(slices.Clone(s.linkers), func(l *state) bool {
		to := l.body.previous.bucket
		return to != l.body.bucket && to != b.bucket
	})
	for _, l := range s.linkers {
		if l.Verdict == Valid && l.body.previous.differs(b) {
			return &problem{Invalid, DigestHash, "the next digest gives another hash: " + l.Path}
		}
	}
	// Two digests that contradict each other are not both what CloudTrail delivered, whichever is.
	var contradiction *problem
	for _, l := range s.linkers {
		if l.Verdict == Unverified && l.body.previous.differs(b) {
			contradiction = &problem{Invalid, DigestHash, "the next digest, which is unverified, gives another hash; one of both was changed: " + l.Path}
		}
	}
	keys, p := v.keysOf(s)
	if p != nil {
		return cmp.Or(contradiction, p)
	}
	hashed := sha256.Sum256(b.toSign())
	isSigned := func(signature string) bool {
		sig, err := hex.DecodeString(signature)
		return err == nil && slices.ContainsFunc(keys, func(k PublicKey) bool {
			return rsa.VerifyPKCS1v15(k.Key, crypto.SHA256, hashed[:], sig) == nil
		})
	}
	byMeta := s.meta != nil && isSigned(s.meta.Signature)
	byLink := slices.ContainsFunc(s.linkers, func(l *state) bool { return isSigned(l.body.previous.signature) })
	trusted := slices.IndexFunc(s.linkers, func(l *state) bool { return l.Verdict == Valid })
	doubtful := slices.IndexFunc(s.linkers, func(l *state) bool { return l.Verdict == Unverified })
	switch {
	case byMeta || byLink:
		if s.meta != nil && !byMeta && s.inScope {
			v.find(Tampering, SignatureMetadata, s.Path, "the signature in its metadata is not of it; that in the next digest is")
		}
		for _, l := range s.linkers {
			if l.Verdict == Unverified && (l.body.previous.differs(b) || !isSigned(l.body.previous.signature)) {
				l.Verdict, l.Code, l.Reason = Invalid, DigestHash, "what it says of the previous digest is not so: "+s.Path+" is valid"
			}
		}
		return nil
	case contradiction != nil:
		return contradiction
	case s.algorithm() != "SHA256withRSA":
		return &problem{Unverified, AlgorithmUnknown, fmt.Sprintf("it is signed by %.40q; only SHA256withRSA is known", s.algorithm())}
	case trusted >= 0:
		return &problem{Invalid, DigestSignature, "the signature that the next digest gives is not of it: " + s.linkers[trusted].Path}
	case s.meta != nil:
		return &problem{Invalid, DigestSignature, "the signature in its metadata is not of it"}
	case doubtful >= 0:
		return &problem{Invalid, DigestSignature, "the signature that the next digest gives is not of it; one of both was changed: " + s.linkers[doubtful].Path}
	case len(s.linkers) > 0:
		return &problem{Unverified, SignatureUnknown, "the next digest, which has its signature, is invalid, and its metadata is not here"}
	case newest:
		return &problem{Unverified, SignatureUnknown, "the newest digest of its chain: its signature is in the metadata of its object, which is not here"}
	}
	return &problem{Unverified, SignatureUnknown, "no digest that can be read has its signature, and its metadata is not here"}
}

// readMetadata sets the metadata of a digest, if it is here.
func (v *verifier) readMetadata(ctx context.Context, s *state) {
	if v.metas[s.Path] {
		name := s.Path + ".meta.json"
		var b bytes.Buffer
		p := v.content(ctx, name, maxMetadata, MetadataFormat, &b)
		if p == nil {
			m, err := parseMetadata(b.Bytes())
			if err == nil {
				s.meta = &m
				return
			}
			p = &problem{reason: err.Error()}
		}
		if s.inScope {
			v.find(Unproved, MetadataFormat, name, p.reason)
		}
	}
	if m, ok := v.o.Signatures[s.body.key]; ok {
		s.meta = &m
	}
}

// keysOf returns the keys that may have signed a digest: of its fingerprint and Region, and valid
// when it was signed (CloudTrail API Reference, “ListPublicKeys”). Digests are signed after the
// end of their period, backfill digests when they are generated, which only their metadata tells.
func (v *verifier) keysOf(s *state) ([]PublicKey, *problem) {
	all := v.keys[s.body.fingerprint]
	if len(all) == 0 {
		return nil, &problem{Unverified, KeyUnknown, "the public key " + s.body.fingerprint + " is not among those given: they may be of another Region, or of another period"}
	}
	id, _, _ := digestOf(s.Path)
	from, to := s.body.end, s.body.end.Add(signedWithin)
	switch {
	case id.backfill && s.meta != nil && !s.meta.Generated.IsZero():
		from, to = s.meta.Generated.Add(-signedWithin), s.meta.Generated.Add(signedWithin)
	case id.backfill:
		to = from.AddDate(100, 0, 0)
	}
	keys := slices.DeleteFunc(slices.Clone(all), func(k PublicKey) bool {
		return k.Region != "" && k.Region != id.region
	})
	if len(keys) == 0 {
		return nil, &problem{Invalid, KeyValidity, "it is of " + id.region + ", and its public key of " + all[0].Region}
	}
	k := keys[0]
	keys = slices.DeleteFunc(keys, func(k PublicKey) bool { return k.From.After(to) || k.To.Before(from) })
	if len(keys) == 0 {
		return nil, &problem{Invalid, KeyValidity, fmt.Sprintf("its public key was valid from %s to %s, and not at the end of its period, %s", stamp(k.From), stamp(k.To), stamp(s.body.end))}
	}
	return keys, nil
}

// missing adds the digests that others name and that are not there.
func (v *verifier) missing(w *work, pending map[string][]*state) {
	var add []*state
	for _, p := range slices.Sorted(maps.Keys(pending)) {
		i := slices.IndexFunc(pending[p], func(s *state) bool { return s.Verdict != Invalid })
		if i < 0 || slices.ContainsFunc(v.chains[w.id], func(f digestFile) bool { return f.path == p }) {
			continue
		}
		if _, err := fs.Stat(v.fsys, p); err == nil {
			continue // it is in another chain
		}
		s := pending[p][i]
		to := s.body.previous
		_, end, ok := digestOf(to.key)
		if !ok {
			end = s.body.start
		}
		switch {
		case !v.overlaps(end.Add(-usualPeriod), end):
		case to.bucket != s.body.bucket:
			v.find(Unproved, OtherBucket, s.Path, fmt.Sprintf("the previous digest is in the bucket %s: %s", to.bucket, to.key))
		default:
			reason := "it is not there, and is the previous digest of " + s.Path
			if s == w.states[len(w.states)-1] {
				reason += "; there are no older ones: if the copy was made to begin there, verify the period from " + stamp(s.body.start) + " on"
			}
			add = append(add, &state{named: end, inScope: true, Digest: Digest{
				Key: to.key, Bucket: to.bucket, End: end, Verdict: Missing, Code: DigestMissing, Reason: reason,
			}})
		}
	}
	w.states = append(w.states, add...)
	slices.SortStableFunc(w.states, func(a, b *state) int { return b.named.Compare(a.named) })
}

// restarts finds digests without a previous one that are not the first (CloudTrail User Guide,
// “Starting digest file”).
func (v *verifier) restarts(w *work) {
	for i, s := range w.states {
		if s.body == nil || s.body.previous != nil || s.Verdict != Valid || i+1 == len(w.states) {
			continue
		}
		older := w.states[i+1]
		switch {
		case w.id.backfill || !older.End.Before(s.Start):
			if !s.inScope {
				continue
			}
			v.find(Note, Restart, s.Path, "it names no previous digest, and follows "+cmp.Or(older.Path, older.Key))
		case v.overlaps(older.End, s.Start):
			v.find(Unproved, Restart, s.Path, fmt.Sprintf("it names no previous digest: validation or logging was off, and from %s to %s log files have no digests", stamp(older.End), stamp(s.Start)))
		}
	}
}
