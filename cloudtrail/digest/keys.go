package digest

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A PublicKey is one that CloudTrail signs digests with, of one Region (CloudTrail API
// Reference, “ListPublicKeys”). It is trusted.
type PublicKey struct {
	Fingerprint string    // as digests name it, lower-case hexadecimal
	Region      string    // whose digests it verifies; empty: any
	From, To    time.Time // when it is valid, both included
	Key         *rsa.PublicKey
}

// maxKeys is the size of a list of public keys that is read; a key takes about 600 bytes.
const maxKeys = 16 << 20

// ReadKeys reads the output of aws cloudtrail list-public-keys, of one call or of several one
// after the other. Keys are as the list has them, and of no Region: the list does not say. An
// error names the key and what is wrong with it; an empty list is one, since it verifies nothing.
func ReadKeys(r io.Reader) ([]PublicKey, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxKeys+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKeys {
		return nil, fmt.Errorf("more than %d MB of public keys", maxKeys>>20)
	}
	var keys []PublicKey
	dec := jsontext.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for {
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if tok.Kind() != '{' {
			return nil, errors.New("not an object; want the output of aws cloudtrail list-public-keys")
		}
		found := false
		err = members(dec, func(name string) error {
			if !strings.EqualFold(name, "PublicKeyList") {
				return dec.SkipValue()
			}
			found = true
			return elements(dec, func() error {
				k, err := readKey(dec)
				if err != nil {
					return fmt.Errorf("public key %d: %w", len(keys)+1, err)
				}
				keys = append(keys, k)
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, errors.New("no PublicKeyList; want the output of aws cloudtrail list-public-keys")
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no public keys: give --start-time and --end-time to aws cloudtrail list-public-keys, and the Region of the digests")
	}
	return keys, checkKeys(keys)
}

// checkKeys refuses two keys of one fingerprint.
func checkKeys(keys []PublicKey) error {
	seen := make(map[string]*rsa.PublicKey, len(keys))
	for _, k := range keys {
		if other := seen[k.Fingerprint]; other != nil && !other.Equal(k.Key) {
			return fmt.Errorf("two different public keys have the fingerprint %s", k.Fingerprint)
		}
		seen[k.Fingerprint] = k.Key
	}
	return nil
}

func readKey(dec *jsontext.Decoder) (PublicKey, error) {
	var k PublicKey
	if err := object(dec); err != nil {
		return k, err
	}
	err := members(dec, func(name string) (err error) {
		switch name {
		case "Fingerprint":
			k.Fingerprint, err = text(dec)
		case "ValidityStartTime":
			k.From, err = keyTime(dec)
		case "ValidityEndTime":
			k.To, err = keyTime(dec)
		case "Value":
			k.Key, err = keyValue(dec)
		default:
			return dec.SkipValue()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	switch {
	case err != nil:
	case k.Fingerprint == "" || k.Fingerprint != strings.ToLower(k.Fingerprint):
		err = fmt.Errorf("fingerprint %q; want lower-case hexadecimal digits", k.Fingerprint)
	case k.Key == nil:
		err = errors.New("no Value")
	case k.From.IsZero() || k.To.IsZero():
		err = errors.New("no ValidityStartTime or ValidityEndTime")
	case k.To.Before(k.From):
		err = errors.New("ValidityEndTime is before ValidityStartTime")
	}
	return k, err
}

// keyValue reads DER in base64, in PKCS #1 format, as the API Reference says, or as
// SubjectPublicKeyInfo, as a key in the sample response of the User Guide is.
func keyValue(dec *jsontext.Decoder) (*rsa.PublicKey, error) {
	s, err := text(dec)
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		any, other := x509.ParsePKIXPublicKey(der)
		if rsaKey, ok := any.(*rsa.PublicKey); ok && other == nil {
			return rsaKey, nil
		}
		return nil, fmt.Errorf("not an RSA public key: %w", err)
	}
	return key, nil
}

// keyTime reads a time as the versions of the AWS CLI write it: in ISO 8601 or in seconds.
func keyTime(dec *jsontext.Decoder) (time.Time, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return time.Time{}, err
	}
	if k := tok.Kind(); k != '"' && k != '0' {
		return time.Time{}, errors.New("want a time, in ISO 8601 or in seconds")
	}
	s := tok.String()
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > 1e11 {
		return time.Time{}, fmt.Errorf("%.40q: want a time, in ISO 8601 or in seconds", s)
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
}
