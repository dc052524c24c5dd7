package digesttest

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// An Object is what CloudTrail puts into a bucket.
type Object struct {
	Key      string
	Data     []byte            // gzip
	Metadata map[string]string // of digests
}

// A Trail delivers log files and digests for an account in a Region.
type Trail struct {
	Bucket       string
	Prefix       string // before AWSLogs/, with its slash; empty: none
	Organization string // "o-…"; empty: of an account
	Account      string
	Region       string
	Name         string
	HomeRegion   string
	Key          *Key

	start    time.Time // of the next digest
	logs     []entry
	previous *previous
}

type entry struct {
	Bucket    string `json:"s3Bucket"`
	Object    string `json:"s3Object"`
	Hash      string `json:"hashValue"`
	Algorithm string `json:"hashAlgorithm"`
	Newest    string `json:"newestEventTime"`
	Oldest    string `json:"oldestEventTime"`
}

type previous struct{ object, hash, signature string }

type body struct {
	Account           string  `json:"awsAccountId"`
	Start             string  `json:"digestStartTime"`
	End               string  `json:"digestEndTime"`
	Bucket            string  `json:"digestS3Bucket"`
	Object            string  `json:"digestS3Object"`
	Fingerprint       string  `json:"digestPublicKeyFingerprint"`
	Algorithm         string  `json:"digestSignatureAlgorithm"`
	Newest            *string `json:"newestEventTime"`
	Oldest            *string `json:"oldestEventTime"`
	PreviousBucket    *string `json:"previousDigestS3Bucket"`
	PreviousObject    *string `json:"previousDigestS3Object"`
	PreviousHash      *string `json:"previousDigestHashValue"`
	PreviousAlgorithm *string `json:"previousDigestHashAlgorithm"`
	PreviousSignature *string `json:"previousDigestSignature"`
	Logs              []entry `json:"logFiles"`
}

// Begin starts validation: the next digest begins then and has no previous one.
func (t *Trail) Begin(at time.Time) { t.start, t.logs, t.previous = at, nil, nil }

// Log delivers a log file. Its name has a unique part of 16 letters and digits in AWS.
func (t *Trail) Log(delivered time.Time, unique string, content []byte) (Object, error) {
	key := fmt.Sprintf("%sCloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz",
		t.folder(), t.Region, delivered.UTC().Format("2006/01/02"), t.Account, t.Region, delivered.UTC().Format("20060102T1504Z"), unique)
	data, err := Compress(content)
	at := delivered.UTC().Format(time.RFC3339)
	t.logs = append(t.logs, entry{t.Bucket, key, hash(content), "SHA-256", at, at})
	return Object{Key: key, Data: data}, err
}

// Digest delivers the digest of the log files since the last one.
func (t *Trail) Digest(end time.Time) (Object, error) { return t.digest(t.start, end, "", nil) }

// Backfill delivers a backfill digest of a period, for the log files since the last digest, and
// forgets them. It is of a chain of its own: use another Trail than that of the other digests.
func (t *Trail) Backfill(start, end, generated time.Time) (Object, error) {
	return t.digest(start, end, "_backfill", map[string]string{"backfill-generation-timestamp": generated.UTC().Format(time.RFC3339)})
}

func (t *Trail) digest(start, end time.Time, suffix string, metadata map[string]string) (Object, error) {
	key := fmt.Sprintf("%sCloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s%s.json.gz",
		t.folder(), t.Region, end.UTC().Format("2006/01/02"), t.Account, t.Region, t.Name, t.HomeRegion, end.UTC().Format("20060102T150405Z"), suffix)
	b := body{
		Account: t.Account, Start: start.UTC().Format(time.RFC3339), End: end.UTC().Format(time.RFC3339), Bucket: t.Bucket, Object: key,
		Fingerprint: t.Key.Fingerprint(), Algorithm: "SHA256withRSA", Logs: t.logs,
	}
	if b.Logs == nil {
		b.Logs = []entry{}
	} else {
		b.Oldest, b.Newest = &b.Logs[0].Oldest, &b.Logs[len(b.Logs)-1].Newest
	}
	last := "null"
	if p := t.previous; p != nil {
		algorithm := "SHA-256"
		b.PreviousBucket, b.PreviousObject, b.PreviousHash, b.PreviousAlgorithm, b.PreviousSignature = &t.Bucket, &p.object, &p.hash, &algorithm, &p.signature
		last = p.signature
	}
	content, err := json.Marshal(b)
	if err != nil {
		return Object{}, err
	}
	signature, err := t.Key.Sign(b.End + "\n" + t.Bucket + "/" + key + "\n" + hash(content) + "\n" + last)
	if err != nil {
		return Object{}, err
	}
	t.start, t.logs, t.previous = end, nil, &previous{key, hash(content), signature}
	o := Object{Key: key, Metadata: map[string]string{"signature": signature, "signature-algorithm": "SHA256withRSA"}}
	for name, value := range metadata {
		o.Metadata[name] = value
	}
	o.Data, err = Compress(content)
	return o, err
}

func (t *Trail) folder() string {
	s := t.Prefix + "AWSLogs/"
	if t.Organization != "" {
		s += t.Organization + "/"
	}
	return s + t.Account + "/"
}

// Sign returns the signature of a text, hexadecimal, by SHA256withRSA.
func (k *Key) Sign(text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	b, err := rsa.SignPKCS1v15(nil, k.Private, crypto.SHA256, sum[:])
	return hex.EncodeToString(b), err
}

// HeadObject is the metadata of an object as aws s3api head-object prints it.
func (o *Object) HeadObject() ([]byte, error) {
	return json.MarshalIndent(map[string]any{"AcceptRanges": "bytes", "ContentLength": len(o.Data), "Metadata": o.Metadata}, "", "    ")
}

// Compress is gzip.
func Compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
