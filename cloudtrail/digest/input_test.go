package digest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/digest"
)

// toSign is the string of the CloudTrail User Guide, “Recreate the data signing string”, of the
// content of a digest.
func toSign(t testing.TB, content string) string {
	t.Helper()
	var b struct {
		DigestEndTime, DigestS3Bucket, DigestS3Object string
		PreviousDigestSignature                       *string
	}
	require.NoError(t, json.Unmarshal([]byte(content), &b))
	last := "null"
	if b.PreviousDigestSignature != nil {
		last = *b.PreviousDigestSignature
	}
	return strings.Join([]string{b.DigestEndTime, b.DigestS3Bucket + "/" + b.DigestS3Object, fmt.Sprintf("%x", sha256.Sum256([]byte(content))), last}, "\n")
}

// Values of wrong types, absent ones and more than one, in a digest that is signed all the same.
func TestDigestFormat(t *testing.T) {
	base := newSample(t)
	newest := base.digests["eu-west-1"][hours-1]
	content := string(gunzip(t, newest.Data))
	member := regexp.MustCompile(`"([A-Za-z0-9]+)":("[^"]*"|null|\[[^\]]*\])`)
	tried := 0
	try := func(text, code string) {
		t.Helper()
		tried++
		s, o := base.clone(), newest
		o.Metadata = map[string]string{"signature": "00"}
		if signature, err := testKeys()[0].Sign(text); err == nil {
			o.Metadata["signature"] = signature
		}
		s.set(o.Key, compress(t, text))
		s.meta(t, o)
		r := s.verify(t)
		require.Equal(t, digest.Invalid, r.Verdict(), text)
		require.Contains(t, codes(r), code, text)
	}
	for _, m := range member.FindAllString(content, -1) {
		name, _, _ := strings.Cut(m, ":")
		for _, value := range []string{"1", "true", "{}", "[1]", `[[]]`, `"x"`} {
			if optional := name == `"newestEventTime"` || name == `"oldestEventTime"`; optional || value == `"x"` && !strings.Contains(name, "Time") && !strings.Contains(name, "HashValue") {
				continue
			}
			try(strings.Replace(content, m, name+":"+value, 1), "digest-format")
		}
		if name != `"newestEventTime"` && name != `"oldestEventTime"` {
			try(strings.Replace(content, m, `"other":null`, 1), "digest-format")
		}
		try(strings.Replace(content, m, m+","+m, 1), "digest-format")
	}
	for _, text := range []string{"", "null", "[]", "{}", "{", content + content, content + "x", content[:len(content)-1], strings.Repeat("[", 20000), "\xff", `{"logFiles":[` + strings.Repeat("{", 20000)} {
		try(text, "digest-format")
	}
	require.Greater(t, tried, 100)
}

// The sample response of the CloudTrail User Guide, “Custom implementations of CloudTrail log file
// integrity validation”: times are seconds in strings, and one key is not in PKCS #1 format.
const awsKeys = `{
    "publicKeyList": [
        {
            "ValidityStartTime": "1436317441.0",
            "ValidityEndTime": "1438909441.0",
            "Value": "MIIBCgKCAQEAn11L2YZ9h7onug2ILi1MWyHiMRsTQjfWE+pHVRLk1QjfWhirG+lpOa8NrwQ/r7Ah5bNL6HepznOU9XTDSfmmnP97mqyc7z/upfZdS/AHhYcGaz7n6Wc/RRBU6VmiPCrAUojuSk6/GjvA8iOPFsYDuBtviXarvuLPlrT9kAd4Lb+rFfR5peEgBEkhlzc5HuWO7S0y+KunqxX6jQBnXGMtxmPBPP0FylgWGNdFtks/4YSKcgqwH0YDcawP9GGGDAeCIqPWIXDLG1jOjRRzWfCmD0iJUkz8vTsn4hq/5ZxRFE7UBAUiVcGbdnDdvVfhF9C3dQiDq3k7adQIziLT0cShgQIDAQAB",
            "Fingerprint": "8eba5db5bea9b640d1c96a77256fe7f2"
        },
        {
            "ValidityStartTime": "1434589370.0",
            "ValidityEndTime": "1437181370.0",
            "Value": "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqlzPJbvZJ42UdcmLfPUqXYNfOs6I8lCfao/tOs8CmzPOEdtLWugB9xoIUz78qVHdKIqxbaG4jWHfJBiOSSFBM0lt8cdVo4TnRa7oG9io5pysS6DJhBBAeXsicufsiFJR+wrUNh8RSLxL4k6G1+BhLX20tJkZ/erT97tDGBujAelqseGg3vPZbTx9SMfOLN65PdLFudLP7Gat0Z9p5jw/rjpclKfo9Bfc3heeBxWGKwBBOKnFAaN9V57pOaosCvPKmHd9bg7jsQkI9Xp22IzGLsTFJZYVA3KiTAElDMu80iFXPHEq9hKNbt9e4URFam+1utKVEiLkR2disdCmPTK0VQIDAQAB",
            "Fingerprint": "31e8b5433410dfb61a9dc45cc65b22ff"
        }
    ]
}`

func TestReadKeys(t *testing.T) {
	keys, err := digest.ReadKeys(strings.NewReader(awsKeys + "\n" + awsKeys))
	require.NoError(t, err)
	require.Len(t, keys, 4)
	require.Equal(t, "8eba5db5bea9b640d1c96a77256fe7f2", keys[0].Fingerprint)
	require.Equal(t, time.Unix(1436317441, 0).UTC(), keys[0].From)
	require.Equal(t, 2048, keys[1].Key.N.BitLen())
	key := func(from, to string) string { return strings.Replace(awsKeys, from, to, 1) }
	keys, err = digest.ReadKeys(strings.NewReader(key(`"1436317441.0"`, `1436317441.5`)))
	require.NoError(t, err)
	require.Equal(t, time.Unix(1436317441, 5e8).UTC(), keys[0].From)

	tests := []struct{ name, text, want string }{
		{"empty", "", "no public keys"},
		{"another answer", `{"trailList":[]}`, "no PublicKeyList"},
		{"no keys", `{"PublicKeyList":[]}`, "no public keys"},
		{"a list", `[]`, "not an object"},
		{"a text", "key,signature", "invalid character"},
		{"cut off", awsKeys[:200], "unexpected EOF"},
		{"keys that are no objects", `{"PublicKeyList":[1]}`, "public key 1: want an object"},
		{"no list", `{"PublicKeyList":{}}`, "want an array"},
		{"no fingerprint", key(`"Fingerprint"`, `"Finger"`), "public key 1: fingerprint"},
		{"no value", key(`"Value"`, `"Values"`), "public key 1: no Value"},
		{"no time", key(`"ValidityEndTime"`, `"End"`), "public key 1: no ValidityStartTime or ValidityEndTime"},
		{"no base64", key(`"MIIB`, `"*`), "public key 1: Value: illegal base64"},
		{"no key", key(`"MIIB`, `"AAAA`), "public key 1: Value: not an RSA public key"},
		{"a time that is none", key(`"1436317441.0"`, `"soon"`), "want a time"},
		{"a time of another type", key(`"1436317441.0"`, `null`), "want a time"},
		{"a time out of range", key(`"1436317441.0"`, `"1e300"`), "want a time"},
		{"an end before the start", key(`"1438909441.0"`, `"1"`), "ValidityEndTime is before"},
		{"one fingerprint, two keys", key("8eba5db5bea9b640d1c96a77256fe7f2", "31e8b5433410dfb61a9dc45cc65b22ff"), "two different public keys have the fingerprint"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := digest.ReadKeys(strings.NewReader(test.text))
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err = digest.ReadKeys(bytes.NewReader(make([]byte, 17<<20)))
	require.ErrorContains(t, err, "more than 16 MB")
	_, err = digest.Verify(t.Context(), newSample(t).fs, []digest.PublicKey{{Fingerprint: "a", Key: keys[0].Key}, {Fingerprint: "a", Key: keys[1].Key}}, digest.Options{})
	require.ErrorContains(t, err, "two different public keys")
}

func TestReadSignatures(t *testing.T) {
	got, err := digest.ReadSignatures(strings.NewReader("\ufeffKey,signature,signature-algorithm,backfill-generation-timestamp\na,00,SHA256withRSA,\nb,01,,2026-03-02T00:00:00Z\na,00,SHA256withRSA,\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]digest.Metadata{"a": {Signature: "00", Algorithm: "SHA256withRSA"}, "b": {Signature: "01", Generated: day}}, got)
	for text, want := range map[string]string{
		"":                          "header: EOF",
		"key\n":                     "1: want the columns",
		"key,signature,size\n":      `1: column "size"`,
		"key,signature\na\n":        "wrong number of fields",
		"key,signature\na,\n":       "2: no key or no signature",
		"key,signature\n\n,00\n":    "3: no key or no signature",
		"key,signature\na,0\na,1\n": "3: a second, different signature of a",
		"key,signature\n\"a,0\na,1": "record on line 2",
		"key,signature,backfill-generation-timestamp\na,0,soon\n": "2: backfill-generation-timestamp: parsing time",
	} {
		_, err := digest.ReadSignatures(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}
