// Package digest validates, offline and on local copies, the log files of CloudTrail against
// the digest files that CloudTrail signed (CloudTrail User Guide, “Custom implementations of
// CloudTrail log file integrity validation”).
//
// Most users need [ReadKeys], for what aws cloudtrail list-public-keys wrote, and [Verify],
// which reads a copy of the bucket and returns a [Report].
//
// # What a copy needs
//
// The files of the bucket under their keys: aws s3 sync s3://bucket DIR. A copy of a part of
// the bucket needs [Options].Prefix or [Options].Relocated. The signature of a digest is not in
// it, but in the metadata of its object in S3, and in the next digest of its chain. So only the
// newest digest of each chain needs its metadata: beside the digest, in a file of the same name
// and ".meta.json" that holds the output of
//
//	aws s3api head-object --bucket BUCKET --key KEY
//
// or for all of them in one list, [Options].Signatures. Without it the newest digest of a chain
// is [Unverified], and so are the log files that it lists.
//
// # What a verdict proves
//
// A digest that is [Valid] is, byte for byte once decompressed, what the holder of the private
// key signed for that key of that bucket, and stands where the chain says that it stands. A log
// file that is Valid has the hash that a Valid digest gives for its key. A period that is proved
// is covered by Valid digests without a hole, and all log files that they list are there and
// Valid: the copy holds each log file that CloudTrail delivered then.
//
// Invalid and Missing say that the copy is not what the digests say that CloudTrail delivered.
// Two things look like tampering and need not be: a copy that was made of a part of the files,
// whose oldest digest then names one that is not there, unless [Options].From leaves it out; and
// log files of a trail without validation in the same folder, which no digest lists.
//
// Nothing is Valid by default. What cannot be decided is Unverified, with its reason: a signature
// or key that is not at hand, a digest in another bucket, a file that changed while it was read.
//
// # What it does not prove
//
//   - That the copy reaches to the present. Digests and log files cut off at the end leave a
//     shorter chain that is as good; give [Options].To, or compare with LatestDigestDeliveryTime
//     of aws cloudtrail get-trail-status. Chains of one copy that end more than 90 minutes before
//     the newest are reported.
//   - Anything before the first digest of a chain: between the start of logging and the first
//     digest, and while validation or logging was off, there are log files without digests. A
//     digest that has no previous one where there are older ones is reported as a gap.
//   - That CloudTrail recorded all that happened: it records what the trail selects.
//   - A whole chain that is not in the copy, but for log files that then have no digest: of a Region
//     or an account that is gone with all its files nothing tells. Give [Options].Expect.
//   - Times of events. Digests cover times of delivery; a log file may hold older events.
//   - That the public keys are those of AWS. They are trusted as given.
package digest
