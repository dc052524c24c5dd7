package digesttest

import (
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"time"
)

// A Key signs the digests of a Region.
type Key struct {
	Private  *rsa.PrivateKey
	From, To time.Time // when it is valid
}

// NewKey makes the key of a seed, of 2048 bits. It is for samples and tests: who knows the seed
// knows the key.
func NewKey(seed uint64, from, to time.Time) (*Key, error) {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	random := rand.NewChaCha8(s)
	e := big.NewInt(65537)
	one := big.NewInt(1)
	for {
		p, q := prime(random), prime(random)
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || n.BitLen() != 2048 || p.Cmp(q) == 0 {
			continue
		}
		private := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
		private.Precompute()
		if err := private.Validate(); err != nil {
			return nil, fmt.Errorf("key of seed %d: %w", seed, err)
		}
		return &Key{private, from, to}, nil
	}
}

// prime returns a prime of 1024 bits.
func prime(random *rand.ChaCha8) *big.Int {
	b := make([]byte, 128)
	for {
		random.Read(b)
		b[0] |= 0xc0
		b[len(b)-1] |= 1
		if p := new(big.Int).SetBytes(b); p.ProbablyPrime(20) {
			return p
		}
	}
}

// Fingerprint is MD5 of the key in DER, as those are in the sample response of the CloudTrail
// User Guide.
func (k *Key) Fingerprint() string {
	sum := md5.Sum(x509.MarshalPKCS1PublicKey(&k.Private.PublicKey))
	return hex.EncodeToString(sum[:])
}

// List is the keys as aws cloudtrail list-public-keys prints them.
func List(keys ...*Key) ([]byte, error) {
	type key struct {
		Value, ValidityStartTime, ValidityEndTime, Fingerprint string
	}
	var list struct{ PublicKeyList []key }
	for _, k := range keys {
		list.PublicKeyList = append(list.PublicKeyList, key{
			base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&k.Private.PublicKey)), k.From.UTC().Format(time.RFC3339), k.To.UTC().Format(time.RFC3339), k.Fingerprint(),
		})
	}
	return json.MarshalIndent(list, "", "    ")
}
