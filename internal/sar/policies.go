package sar

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// PoliciesMagic begins the file of managed policies; its last byte is the version of the
// layout.
const PoliciesMagic = "licit-mp\x01"

// PolicyPrefix begins the ARN of every managed policy of AWS in the partition aws.
const PolicyPrefix = "arn:aws:iam::aws:policy/"

// chunkSize is the text at which a chunk of documents ends.
const chunkSize = 64 << 10

// A Policy is one managed policy.
type Policy struct {
	ARN      string
	Version  int
	Date     string
	Document string
}

// EncodePolicies writes the file: PoliciesMagic, the index with its lengths (raw,
// deflated) in front, and chunks of documents, each deflated on its own.
func EncodePolicies(list []Policy) ([]byte, error) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Policy) int { return strings.Compare(a.ARN, b.ARN) })
	var chunks [][]byte
	var raw writer
	var index, lens, versions, sizes, names, dates, packed writer
	flush := func() error {
		if len(raw) == 0 {
			return nil
		}
		z, err := deflate(raw, flate.BestCompression)
		chunks = append(chunks, z)
		raw = nil
		return err
	}
	for i, p := range list {
		name, ok := strings.CutPrefix(p.ARN, PolicyPrefix)
		if !ok || name == "" || i > 0 && list[i-1].ARN == p.ARN || len(p.Date) != len("2006-01-02") || p.Document == "" {
			return nil, fmt.Errorf("managed policy %q of %q has no ARN, date or document, or stands twice", p.ARN, p.Date)
		}
		if len(raw) > 0 && len(raw)+len(p.Document) > chunkSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		lens.uvarint(len(name))
		versions.uvarint(p.Version)
		sizes.uvarint(len(chunks))
		sizes.uvarint(len(p.Document))
		names = append(names, name...)
		dates = append(dates, p.Date...)
		raw = append(raw, p.Document...)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	index.uvarint(len(list))
	index.uvarint(len(chunks))
	for _, c := range chunks {
		packed.uvarint(len(c))
	}
	for _, col := range []writer{packed, lens, versions, sizes, dates, names} {
		index = append(index, col...)
	}
	z, err := deflate(index, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	out := writer([]byte(PoliciesMagic))
	out.uvarint(len(index))
	out.uvarint(len(z))
	out = append(out, z...)
	for _, c := range chunks {
		out = append(out, c...)
	}
	return out, nil
}

func deflate(b []byte, level int) ([]byte, error) {
	var z bytes.Buffer
	w, err := flate.NewWriter(&z, level)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return z.Bytes(), nil
}

// An inflater is what inflating needs besides the text; making one costs as much as
// inflating some kilobytes.
type inflater struct {
	src strings.Reader
	z   io.ReadCloser
	buf [32 << 10]byte
}

var inflaters = sync.Pool{New: func() any {
	f := new(inflater)
	f.z = flate.NewReader(&f.src)
	return f
}}

func inflate(z string, size int) (string, error) {
	if size > maxBody || size > 1100*(len(z)+1) {
		return "", errImage
	}
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	f.src.Reset(z)
	if err := f.z.(flate.Resetter).Reset(&f.src, nil); err != nil {
		return "", errImage
	}
	var out strings.Builder
	out.Grow(size)
	for {
		n, err := f.z.Read(f.buf[:])
		if out.Len()+n > size {
			return "", errImage
		}
		out.Write(f.buf[:n])
		if err == io.EOF && out.Len() == size {
			return out.String(), nil
		}
		if err != nil {
			return "", errImage
		}
	}
}

// Policies is the index of a file of managed policies.
type Policies struct {
	Rows   []PolicyRow // sorted by ARN
	chunks []chunk
}

// PolicyRow is one managed policy of an index.
type PolicyRow struct {
	Name    string // the ARN without [PolicyPrefix]
	Version int
	Date    string
	Chunk   int
	offset  int // in the chunk
	size    int
}

type chunk struct {
	packed string
	size   int
}

// DecodePolicies reads the index.
func DecodePolicies(file string) (*Policies, error) {
	rest, ok := strings.CutPrefix(file, PoliciesMagic)
	if !ok {
		return nil, errors.New("no file of managed policies, or one of another version")
	}
	r := reader{s: rest}
	size := r.number()
	index, err := inflate(r.text(r.number()), size)
	if err != nil || r.bad {
		return nil, errImage
	}
	packed := r.s
	r = reader{s: index}
	n, chunks := r.count(), r.count()
	p := &Policies{Rows: make([]PolicyRow, n), chunks: make([]chunk, chunks)}
	bytes := reader{s: packed}
	for i, l := range r.column(chunks) {
		p.chunks[i].packed = bytes.text(int(l))
	}
	lens, versions, sizes := r.column(n), r.column(n), r.column(2*n)
	dates := r.text(n * len("2006-01-02"))
	if r.bad || bytes.bad || bytes.s != "" {
		return nil, errImage
	}
	for i := range p.Rows {
		c := int(sizes[2*i])
		if c >= chunks {
			return nil, errImage
		}
		p.Rows[i] = PolicyRow{r.text(int(lens[i])), int(versions[i]), dates[:10], c, p.chunks[c].size, int(sizes[2*i+1])}
		p.chunks[c].size += int(sizes[2*i+1])
		dates = dates[10:]
	}
	if r.bad || r.s != "" {
		return nil, errImage
	}
	return p, nil
}

// Inflate is the text of one chunk.
func (p *Policies) Inflate(chunk int) (string, error) {
	return inflate(p.chunks[chunk].packed, p.chunks[chunk].size)
}

// Document is the policy's part of its chunk.
func (r *PolicyRow) Document(chunk string) string { return chunk[r.offset : r.offset+r.size] }
