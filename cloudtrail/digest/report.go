package digest

import (
	"fmt"
	"time"
)

// A Verdict is what is known of a digest or a log file. The zero Verdict is Unverified.
type Verdict uint8

// The verdicts.
const (
	Unverified Verdict = iota // neither proved nor disproved
	Valid                     // proved to be what CloudTrail delivered
	Invalid                   // not what the digests say that CloudTrail delivered, or not there
	Missing                   // CloudTrail delivered it, and it is not there
)

// String is "unverified", "valid", "invalid" or "missing".
func (v Verdict) String() string {
	switch v {
	case Unverified:
		return "unverified"
	case Valid:
		return "valid"
	case Invalid:
		return "invalid"
	case Missing:
		return "missing"
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// A Code says why a verdict is not Valid, or what a Finding is about.
type Code string

// The codes of what tampering leaves. Reasons say what else may explain it: that the copy was
// made of a part of the files, or that there is a trail without validation.
const (
	DigestFormat      Code = "digest-format"      // not gzip, not JSON, or not of a digest's form
	DigestMoved       Code = "digest-moved"       // it was signed for another key or bucket
	DigestSignature   Code = "digest-signature"   // the signature is not of this content
	DigestHash        Code = "digest-hash"        // the next digest gives another hash
	DigestMissing     Code = "digest-missing"     // the next digest or metadata names it
	KeyValidity       Code = "key-validity"       // the key was not valid then, or is of another Region
	SignatureMetadata Code = "signature-metadata" // metadata has another signature than the next digest
	LogHash           Code = "log-hash"           // the digest gives another hash
	LogFormat         Code = "log-format"         // it does not decompress
	LogMissing        Code = "log-missing"        // the digest lists it
	LogUnlisted       Code = "log-unlisted"       // no digest lists it, and digests cover when it was delivered
)

// The codes of what could not be verified.
const (
	NoDigests        Code = "no-digests"         // of the whole copy, or of the account and Region of a log file
	KeyUnknown       Code = "key-unknown"        // the key is not among those given
	AlgorithmUnknown Code = "algorithm-unknown"  // of the signature or of a hash
	SignatureUnknown Code = "signature-unknown"  // neither the next digest nor metadata is there to tell it
	ChainMissing     Code = "chain-missing"      // an account and Region of Options.Expect without valid digests
	DigestUnproved   Code = "digest-unproved"    // the digest that lists the log file is not valid
	OtherBucket      Code = "other-bucket"       // it is in a bucket that the copy is not of
	LogNotCovered    Code = "log-not-covered"    // no valid digests cover when it was delivered
	Gap              Code = "gap"                // a period that no valid digest covers
	Restart          Code = "restart"            // a digest without a previous one, where there are older ones
	Unreadable       Code = "unreadable"         // the file system says so
	Changed          Code = "changed-while-read" // the file was written to, or vanished
	TooLarge         Code = "too-large"          // larger than CloudTrail's files are
	DigestName       Code = "digest-name"        // in a folder of digests, without the name of one
	MetadataFormat   Code = "metadata-format"    // not the output of head-object
	LogListedTwice   Code = "log-listed-twice"   // by two digests; no more than a note
	LocationHint     Code = "location"           // how to say where the copy begins; no more than a note
)

// A Severity is how bad a finding is. The zero Severity is a Note.
type Severity uint8

// The severities.
const (
	Note      Severity = iota // changes no verdict
	Unproved                  // keeps the period from being proved
	Tampering                 // the copy is not what the digests say that CloudTrail delivered
)

// String is "note", "unproved" or "tampering".
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Unproved:
		return "unproved"
	case Tampering:
		return "tampering"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// A Finding is something that an auditor must know.
type Finding struct {
	Severity Severity
	Code     Code
	Subject  string // a path in the copy, a key that is not there, or a chain
	Reason   string
}

// A Report is what [Verify] found.
type Report struct {
	From, To time.Time // the period that was asked for; zero: as far as the copy goes
	Chains   []Chain   // by account, Region, trail, home Region, backfill last
	Unlisted []Log     // that no digest lists, or that only digests outside the period do and that are not valid; by path
	Findings []Finding // all of them, the worst first, then by code and subject
	Others   int       // files that are no digests, log files or metadata, and were not read
}

// A Chain is the digests of a trail for an account in a Region.
type Chain struct {
	Organization string // whose trail it is; empty: of an account
	Account      string
	Region       string // of the events
	Trail        string // its name
	HomeRegion   string // of the trail
	Backfill     bool   // of digests that CloudTrail delivered later, for log files that it had left out

	Digests []Digest // the newest first; those of the period, missing ones included
	Proved  []Period // where the digests and all their log files are valid, the oldest first; none of a backfill chain
	Gaps    []Hole   // the rest of the period, likewise
}

// Name is account, Region, trail and home Region, as reports name a chain.
func (c *Chain) Name() string {
	s := fmt.Sprintf("%s %s, trail %s of %s", c.Account, c.Region, c.Trail, c.HomeRegion)
	if c.Organization != "" {
		s += " and " + c.Organization
	}
	if c.Backfill {
		s += ", backfill"
	}
	return s
}

// A Period is from a time to another. Periods of digests are times of delivery.
type Period struct{ From, To time.Time }

// A Hole is a period that is not proved, and why.
type Hole struct {
	Period
	Reason string
}

// A Digest is a digest file.
type Digest struct {
	Path        string    // in the copy; empty: it is missing
	Key         string    // in the bucket, as it or the next digest says; empty if neither does
	Bucket      string    // likewise
	Start, End  time.Time // of its period; zero if it cannot be read
	Fingerprint string    // of its key
	Verdict     Verdict
	Code        Code   // why it is not Valid
	Reason      string // likewise
	Logs        []Log  // that it lists, in its order
}

// A Log is a log file.
type Log struct {
	Path    string // in the copy; empty: it is not there
	Key     string // in the bucket; empty: no digest lists it
	Verdict Verdict
	Code    Code   // why it is not Valid
	Reason  string // likewise
}

// Verdict is Invalid if there is a finding of Tampering, Valid if everything in the period is
// proved, for each chain of the copy, and Unverified otherwise.
func (r *Report) Verdict() Verdict {
	v := Unverified
	for i := range r.Chains {
		if len(r.Chains[i].Digests) > 0 {
			v = Valid
		}
	}
	for _, f := range r.Findings {
		switch f.Severity {
		case Tampering:
			return Invalid
		case Unproved:
			v = Unverified
		}
	}
	return v
}

// Counts are numbers of files by verdict.
type Counts struct{ Valid, Invalid, Missing, Unverified int }

func (c *Counts) add(v Verdict) {
	switch v {
	case Valid:
		c.Valid++
	case Invalid:
		c.Invalid++
	case Missing:
		c.Missing++
	default:
		c.Unverified++
	}
}

// Total is their sum.
func (c Counts) Total() int { return c.Valid + c.Invalid + c.Missing + c.Unverified }

// Count counts the digests and the log files, those that no digest lists included.
func (r *Report) Count() (digests, logs Counts) {
	for i := range r.Chains {
		for j := range r.Chains[i].Digests {
			d := &r.Chains[i].Digests[j]
			digests.add(d.Verdict)
			for _, l := range d.Logs {
				logs.add(l.Verdict)
			}
		}
	}
	for _, l := range r.Unlisted {
		logs.add(l.Verdict)
	}
	return digests, logs
}
