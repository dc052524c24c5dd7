package simulate

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// matrixMagic begins the header of a matrix file, after decompression.
const matrixMagic = "licit-matrix/1"

// A matrixHeader is the first line of a matrix file. Then come, each on a line of its own, the
// actions and the principals; then for each principal the numbers of its chunks, as 32 bits,
// lowest byte first; then the chunks.
type matrixHeader struct {
	Format     string `json:"format"`
	Actions    int    `json:"actions"`
	Principals int    `json:"principals"`
	Chunks     int    `json:"chunks"`
}

// Bounds of what is read from a file: far more than AWS has, or an organization.
const (
	maxMatrixActions    = 1 << 20
	maxMatrixPrincipals = 1 << 24
	maxMatrixLine       = 4096
)

// WriteTo writes the matrix as a compressed file that [ReadMatrix] reads. The same matrix
// gives the same bytes.
func (m *Matrix) WriteTo(w io.Writer) (int64, error) {
	count := &countingWriter{w: w}
	z := gzip.NewWriter(count)
	out := bufio.NewWriter(z)
	order, chunks := m.order()
	var buf []byte
	header, err := json.Marshal(matrixHeader{matrixMagic, len(m.universe.actions), len(m.principals), len(chunks)})
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%s\n", header)
	for _, a := range m.universe.actions {
		fmt.Fprintln(out, a)
	}
	for _, p := range m.principals {
		fmt.Fprintln(out, p)
	}
	for i := range m.principals {
		for _, n := range m.rows[i] {
			buf = binary.LittleEndian.AppendUint32(buf[:0], order[n])
			out.Write(buf)
		}
	}
	for _, n := range chunks {
		buf = m.chunks[n].appendTo(buf[:0])
		out.Write(buf)
	}
	err = errors.Join(out.Flush(), z.Close())
	return count.n, err
}

// order numbers the chunks as the rows name them, equal ones alike, however they were
// built, and lists one of each.
func (m *Matrix) order() (order map[uint32]uint32, chunks []uint32) {
	order = map[uint32]uint32{}
	same := map[chunk]uint32{}
	for i := range m.principals {
		for _, n := range m.rows[i] {
			if _, ok := order[n]; ok {
				continue
			}
			first, ok := same[m.chunks[n]]
			if !ok {
				first = uint32(len(chunks))
				same[m.chunks[n]] = first
				chunks = append(chunks, n)
			}
			order[n] = first
		}
	}
	return order, chunks
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// ReadMatrix reads what [Matrix.WriteTo] wrote. The error says what is wrong with the file.
func ReadMatrix(r io.Reader) (*Matrix, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("no matrix file: %w", err)
	}
	in := matrixReader{r: bufio.NewReaderSize(z, 1<<16)}
	m, err := in.read()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the matrix file ends too early")
	}
	if err != nil {
		return nil, err
	}
	return m, z.Close()
}

type matrixReader struct{ r *bufio.Reader }

func (in *matrixReader) line() (string, error) {
	b, err := in.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(b) > maxMatrixLine:
		return "", errors.New("no matrix file: a line is too long")
	case err != nil:
		return "", err
	}
	return string(b[:len(b)-1]), nil
}

func (in *matrixReader) read() (*Matrix, error) {
	first, err := in.line()
	if err != nil {
		return nil, err
	}
	var h matrixHeader
	if err := json.Unmarshal([]byte(first), &h); err != nil || h.Format != matrixMagic {
		return nil, fmt.Errorf("no matrix file: want a header with the format %q", matrixMagic)
	}
	width := (h.Actions + chunkActions - 1) / chunkActions
	if h.Actions < 0 || h.Actions > maxMatrixActions || h.Principals < 0 || h.Principals > maxMatrixPrincipals || h.Chunks < 0 || h.Chunks > h.Principals*width {
		return nil, fmt.Errorf("the header of the matrix file counts %d actions, %d principals and %d chunks", h.Actions, h.Principals, h.Chunks)
	}
	m := &Matrix{number: map[policy.Principal]int{}}
	if err := in.names(m, &h); err != nil {
		return nil, err
	}
	for _, p := range m.principals {
		r := make(row, width)
		if err := binary.Read(in.r, binary.LittleEndian, r); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(r, func(n uint32) bool { return int(n) >= h.Chunks }); i >= 0 {
			return nil, fmt.Errorf("the matrix file names chunk %d of %d", r[i], h.Chunks)
		}
		m.number[p], m.rows = len(m.rows), append(m.rows, r)
	}
	buf := make([]byte, chunkBytes)
	for range h.Chunks {
		if _, err := io.ReadFull(in.r, buf); err != nil {
			return nil, err
		}
		var c chunk
		c.read(buf)
		m.chunks = append(m.chunks, c)
	}
	if _, err := in.r.ReadByte(); err == nil {
		return nil, errors.New("the matrix file goes on after its end")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return m, nil
}

// names reads the actions and principals, which are sorted.
func (in *matrixReader) names(m *Matrix, h *matrixHeader) error {
	var actions []policy.Action
	for range h.Actions {
		text, err := in.line()
		if err != nil {
			return err
		}
		a, err := policy.ParseAction(text)
		if err != nil {
			return fmt.Errorf("the matrix file: %w", err)
		}
		if n := len(actions); n > 0 && compareActions(actions[n-1], a) >= 0 {
			return fmt.Errorf("the matrix file: action %s stands behind %s", a, actions[n-1])
		}
		actions = append(actions, a)
	}
	if m.universe = embeddedUniverse(); !slices.Equal(m.universe.actions, actions) {
		m.universe = newUniverse(actions)
	}
	for range h.Principals {
		text, err := in.line()
		if err != nil {
			return err
		}
		p, err := policy.ParsePrincipal(text)
		if err != nil {
			return fmt.Errorf("the matrix file: %w", err)
		}
		if n := len(m.principals); n > 0 && comparePrincipals(m.principals[n-1], p) >= 0 {
			return fmt.Errorf("the matrix file: principal %s stands behind %s", p, m.principals[n-1])
		}
		m.principals = append(m.principals, p)
	}
	return nil
}
