package digest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Metadata is what CloudTrail keeps beside a digest, in the metadata of its object in S3
// (CloudTrail User Guide, “Signature of the digest file”). It is not trusted: a signature proves
// itself.
type Metadata struct {
	Signature string    // x-amz-meta-signature, hexadecimal
	Algorithm string    // x-amz-meta-signature-algorithm; empty: as the digest says
	Generated time.Time // x-amz-meta-backfill-generation-timestamp, of backfill digests
}

const (
	maxMetadata   = 1 << 20
	maxSignatures = 256 << 20
)

func (m *Metadata) set(name, value string) (err error) {
	switch strings.TrimPrefix(strings.ToLower(name), "x-amz-meta-") {
	case "signature":
		m.Signature = value
	case "signature-algorithm":
		m.Algorithm = value
	case "backfill-generation-timestamp":
		if value != "" {
			m.Generated, err = time.Parse(time.RFC3339Nano, value)
		}
	}
	return err
}

// parseMetadata reads the output of aws s3api head-object.
func parseMetadata(data []byte) (Metadata, error) {
	var m Metadata
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	err := object(dec)
	if err == nil {
		err = members(dec, func(name string) error {
			if name != "Metadata" {
				return dec.SkipValue()
			}
			if err := object(dec); err != nil {
				return err
			}
			return members(dec, func(name string) error {
				s, err := text(dec)
				if err == nil {
					err = m.set(name, s)
				}
				return err
			})
		})
	}
	if err == nil && m.Signature == "" {
		err = errors.New("no signature in Metadata; want the output of aws s3api head-object")
	}
	return m, err
}

// ReadSignatures reads a list of metadata of digests: CSV whose header names the columns key and
// signature, and may name signature-algorithm and backfill-generation-timestamp. The result is by
// key in the bucket. Errors name the line.
func ReadSignatures(r io.Reader) (map[string]Metadata, error) {
	c := csv.NewReader(io.LimitReader(r, maxSignatures))
	header, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	key, signature := -1, -1
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		switch header[i] {
		case "key":
			key = i
		case "signature":
			signature = i
		case "signature-algorithm", "backfill-generation-timestamp":
		default:
			return nil, fmt.Errorf("1: column %q; want key, signature, signature-algorithm, backfill-generation-timestamp", name)
		}
	}
	if key < 0 || signature < 0 {
		return nil, errors.New("1: want the columns key and signature")
	}
	out := make(map[string]Metadata)
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := c.FieldPos(key)
		var m Metadata
		for i, value := range row {
			if err := m.set(header[i], value); err != nil {
				return nil, fmt.Errorf("%d: %s: %w", line, header[i], err)
			}
		}
		if other, ok := out[row[key]]; ok && other != m {
			return nil, fmt.Errorf("%d: a second, different signature of %s", line, row[key])
		}
		if row[key] == "" || m.Signature == "" {
			return nil, fmt.Errorf("%d: no key or no signature", line)
		}
		out[row[key]] = m
	}
}
