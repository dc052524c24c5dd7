package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A body is what a digest file says (CloudTrail User Guide, “CloudTrail digest file
// structure”). Texts that are signed are kept as they stand.
type body struct {
	hash        [sha256.Size]byte // of the decompressed file
	account     string
	start, end  time.Time
	endText     string
	bucket, key string
	fingerprint string
	algorithm   string
	previous    *link // nil: a starting digest
	logs        []entry
}

// A link is what a digest says of the previous one of its chain.
type link struct {
	bucket, key, signature string
	hash                   [sha256.Size]byte
	hashKnown              bool // false: by an algorithm that is not known here
}

// An entry is what a digest says of a log file.
type entry struct {
	bucket, key string
	hash        [sha256.Size]byte
	hashKnown   bool
}

// parseBody reads a decompressed digest file. Members that are not known are left alone: they
// are signed with the rest.
func parseBody(data []byte) (*body, error) {
	b := &body{hash: sha256.Sum256(data)}
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	if err := object(dec); err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	previous := make(map[string]string)
	nulls := 0
	err := members(dec, func(name string) (err error) {
		found[name] = true
		var s string
		switch name {
		case "awsAccountId":
			b.account, err = text(dec)
		case "digestStartTime":
			if s, err = text(dec); err == nil {
				b.start, err = time.Parse(time.RFC3339Nano, s)
			}
		case "digestEndTime":
			if b.endText, err = text(dec); err == nil {
				b.end, err = time.Parse(time.RFC3339Nano, b.endText)
			}
		case "digestS3Bucket":
			b.bucket, err = text(dec)
		case "digestS3Object":
			b.key, err = text(dec)
		case "digestPublicKeyFingerprint":
			b.fingerprint, err = text(dec)
		case "digestSignatureAlgorithm":
			b.algorithm, err = text(dec)
		case "previousDigestS3Bucket", "previousDigestS3Object", "previousDigestHashValue", "previousDigestHashAlgorithm", "previousDigestSignature":
			var isNull bool
			if s, isNull, err = textOrNull(dec); isNull {
				nulls++
			}
			previous[name] = s
		case "logFiles":
			err = elements(dec, func() error {
				e, err := readEntry(dec)
				b.logs = append(b.logs, e)
				return err
			})
		default:
			return dec.SkipValue()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	for _, name := range []string{
		"awsAccountId", "digestStartTime", "digestEndTime", "digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint", "digestSignatureAlgorithm",
		"previousDigestS3Bucket", "previousDigestS3Object", "previousDigestHashValue", "previousDigestHashAlgorithm", "previousDigestSignature", "logFiles",
	} {
		if !found[name] {
			return nil, fmt.Errorf("no %s", name)
		}
	}
	b.start, b.end = b.start.UTC(), b.end.UTC()
	if b.end.Before(b.start) {
		return nil, errors.New("digestEndTime is before digestStartTime")
	}
	switch nulls {
	case 5:
		return b, nil
	case 0:
	default:
		return nil, errors.New("some of what it says of the previous digest is null")
	}
	b.previous = &link{bucket: previous["previousDigestS3Bucket"], key: previous["previousDigestS3Object"], signature: previous["previousDigestSignature"]}
	b.previous.hash, b.previous.hashKnown, err = readHash(previous["previousDigestHashAlgorithm"], previous["previousDigestHashValue"])
	if err != nil {
		return nil, fmt.Errorf("previousDigestHashValue: %w", err)
	}
	return b, nil
}

func readEntry(dec *jsontext.Decoder) (entry, error) {
	var e entry
	var hash, algorithm string
	if err := object(dec); err != nil {
		return e, err
	}
	err := members(dec, func(name string) (err error) {
		switch name {
		case "s3Bucket":
			e.bucket, err = text(dec)
		case "s3Object":
			e.key, err = text(dec)
		case "hashValue":
			hash, err = text(dec)
		case "hashAlgorithm":
			algorithm, err = text(dec)
		default:
			return dec.SkipValue()
		}
		return err
	})
	if err == nil && e.key == "" {
		err = errors.New("no s3Object")
	}
	if err == nil {
		e.hash, e.hashKnown, err = readHash(algorithm, hash)
	}
	return e, err
}

func readHash(algorithm, value string) (hash [sha256.Size]byte, known bool, err error) {
	if algorithm != "SHA-256" {
		return hash, false, nil
	}
	b, err := hex.DecodeString(value)
	if err == nil && len(b) != len(hash) {
		err = fmt.Errorf("%d bytes; want %d", len(b), len(hash))
	}
	copy(hash[:], b)
	return hash, err == nil, err
}

// toSign is the string whose signature CloudTrail keeps (CloudTrail User Guide, “Recreate the
// data signing string”). Where there is no previous digest it has the word null, as the AWS
// CLI's validate-logs.
func (b *body) toSign() []byte {
	previous := "null"
	if b.previous != nil {
		previous = b.previous.signature
	}
	return fmt.Appendf(nil, "%s\n%s/%s\n%x\n%s", b.endText, b.bucket, b.key, b.hash, previous)
}
