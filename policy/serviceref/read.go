package serviceref

import (
	"bytes"
	"fmt"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// Read reads a newer file of facts and lays it over the embedded ones: a service in the
// file replaces the embedded service, all others stay, and so do the global condition
// keys. src is either JSON of the form sar-facts/1, or the image that the generator
// writes. What is wrong with JSON is reported at once, a line each that begins with line
// and column. The date is that of the oldest service.
func Read(src []byte) (*Reference, error) {
	newer, err := parse(src)
	if err != nil {
		return nil, err
	}
	old, err := embedded.head().Facts()
	if err != nil {
		panic("serviceref: " + err.Error())
	}
	old.Overlay(newer)
	image, err := sar.EncodeFast(old)
	if err != nil {
		return nil, fmt.Errorf("service facts: %w", err)
	}
	decoded, err := sar.DecodeHead(string(image))
	if err != nil {
		return nil, fmt.Errorf("service facts: %w", err)
	}
	b, err := decoded.Body()
	if err == nil {
		err = b.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("service facts: %w", err)
	}
	h := newHead(decoded)
	return newReference(func() *head { return h }), nil
}

func parse(src []byte) (*sar.Facts, error) {
	if !bytes.HasPrefix(src, []byte(sar.Magic)) {
		return sar.ParseJSON(src, func(name string) bool {
			_, ok := embedded.Action(policy.Action(name))
			return ok
		})
	}
	h, err := sar.DecodeHead(string(src))
	if err != nil {
		return nil, err
	}
	return h.Facts()
}
