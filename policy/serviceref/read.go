package serviceref

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// Read reads a newer file of facts and lays it over the embedded ones: a service in the
// file replaces the embedded service, all others stay, and so do the global condition
// keys. src is one of
//
//   - a file of AWS's own service reference, such as
//     https://servicereference.us-east-1.amazonaws.com/v1/s3/s3.json (Service Authorization
//     Reference, “Simplified AWS service information for programmatic access”). It does not
//     say which resource types are required, nor what RCPs reach: that stays as it was, and
//     so does the date, which the file does not have;
//   - JSON of the form sar-facts/1;
//   - the image that the generator writes.
//
// What is wrong with JSON is reported at once, a line each that begins with line and
// column. The date is that of the oldest service. A service that RCPs reach stays one.
func Read(src []byte) (*Reference, error) {
	newer, err := parse(src)
	if err != nil {
		return nil, err
	}
	return overlaid(newer)
}

// ReadFS reads all files *.json of a folder as [Read] does and lays them over the embedded
// facts together. The two indexes that AWS gives next to its files are passed over. Errors
// begin with the name of the file.
func ReadFS(fsys fs.FS) (*Reference, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	var errs []error
	all, in := new(sar.Facts), make(map[string]string)
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if sar.IsIndex(src) {
			continue
		}
		f, err := parse(src)
		if err != nil {
			errs = append(errs, inFile(name, err)...)
			continue
		}
		for _, s := range f.Services {
			if other, twice := in[strings.ToLower(s.Prefix)]; twice {
				errs = append(errs, fmt.Errorf("%s: the service %s stands in %s, too", name, s.Prefix, other))
			}
			in[strings.ToLower(s.Prefix)] = name
		}
		all.Services, all.Keys = append(all.Services, f.Services...), append(all.Keys, f.Keys...)
		if all.Date == "" || f.Date != "" && f.Date < all.Date {
			all.Date = f.Date
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(all.Services) == 0 {
		return nil, errors.New("no facts; want files *.json of AWS's service reference, or of the form sar-facts/1")
	}
	return overlaid(all)
}

// inFile puts the name in front of each line.
func inFile(name string, err error) (out []error) {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			out = append(out, fmt.Errorf("%s:%w", name, e))
		}
		return out
	}
	return []error{fmt.Errorf("%s:%w", name, err)}
}

func overlaid(newer *sar.Facts) (*Reference, error) {
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
		return sar.ParseJSON(src, sar.Known{
			Action: func(name string) bool { _, ok := embedded.Action(policy.Action(name)); return ok },
			Key:    func(name string) bool { _, ok := embedded.Key(name); return ok },
		})
	}
	h, err := sar.DecodeHead(string(src))
	if err != nil {
		return nil, err
	}
	return h.Facts()
}
