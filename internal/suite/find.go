package suite

import (
	"io/fs"
	"strings"
)

// Find returns the case files in and below a directory, in lexical order. Passed over, as
// the go command does, are files and directories whose name begins with . or _, and
// node_modules.
func Find(fsys fs.FS, dir string) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, dir, func(name string, e fs.DirEntry, err error) error {
		hidden := name != dir && strings.IndexAny(e.Name(), "._") == 0
		switch {
		case err != nil:
			return err
		case e.IsDir() && (hidden || e.Name() == "node_modules"):
			return fs.SkipDir
		case !e.IsDir() && !hidden && IsCaseFile(name):
			out = append(out, name)
		}
		return nil
	})
	return out, err
}
