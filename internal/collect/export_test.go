package collect

import "syscall"

// Spend makes the recorder take n bytes less.
func (r *Recorder) Spend(n int64) { r.budget.Add(-n) }

// Fill lets the disk of the store have room for n more bytes.
func (s *Store) Fill(n int) {
	s.create = func(dir string) (file, error) {
		f, err := create(dir)
		return &full{f, &n}, err
	}
}

type full struct {
	file
	left *int
}

// Write writes what fits, as a file system does.
func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), *f.left)
	*f.left -= n
	n, err := f.file.Write(p[:n])
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}
