package serviceref

import "errors"

// Read reads a newer file of facts and lays it over the embedded ones: a service in the
// file replaces the embedded service, all others stay. src is either JSON of the form
// sar-facts/1, or the image that the generator writes. Errors in JSON begin with line and
// column; all are reported at once.
func Read(src []byte) (*Reference, error) { return nil, errors.New("not yet") }
