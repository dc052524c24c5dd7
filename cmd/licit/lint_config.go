package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// configName is the file of suppressions.
const configName = ".licit.yaml"

// A suppression is one entry of lint.ignore.
type suppression struct {
	code, glob, statement, reason string
	file                          *configFile
	line                          int
	used, reached                 bool // suppresses something; its files were checked
}

func (s *suppression) String() string {
	text := fmt.Sprintf("%s:%d: %s", s.file.name, s.line, s.code)
	if s.glob != "" {
		text += " in " + s.glob
	}
	if s.statement != "" {
		text += ", statement " + s.statement
	}
	return text
}

// A configFile is one .licit.yaml.
type configFile struct {
	name   string // as the user would open it
	dir    string // absolute
	ignore []*suppression
}

// configs are the suppressions of a run.
type configs struct {
	files []*configFile          // in the order in which they were found
	byDir map[string]*configFile // by absolute directory; nil: none there or above
	cwd   string
}

// load gives each target its configuration. All errors are reported at once.
func (c *configs) load(a *app, config string, targets []*target) error {
	var err error
	if c.cwd, err = os.Getwd(); err != nil {
		return err
	}
	c.byDir = map[string]*configFile{}
	var given *configFile
	if config != "" {
		src, err := os.ReadFile(config)
		if err != nil {
			return fmt.Errorf("--config %s: %w", slashed(config), plainPathError(err))
		}
		if given, err = c.read(a, slashed(config), config, src); err != nil {
			return err
		}
	}
	var errs []error
	for _, t := range targets {
		if given != nil {
			t.config = given
			continue
		}
		if t.config, err = c.nearest(a, filepath.Dir(c.absolute(t))); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// absolute is where the document's file is; standard input stands in the working
// directory.
func (c *configs) absolute(t *target) string {
	name := t.file.disk
	if name == "" {
		name = "stdin"
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(c.cwd, name)
	}
	return filepath.Clean(name)
}

// nearest is the configuration of a directory, its own or the nearest above. A broken one
// is an error once.
func (c *configs) nearest(a *app, dir string) (*configFile, error) {
	if f, ok := c.byDir[dir]; ok {
		return f, nil
	}
	name := filepath.Join(dir, configName)
	src, err := os.ReadFile(name)
	var f *configFile
	switch parent := filepath.Dir(dir); {
	case err == nil:
		shown := name
		if rel, relErr := filepath.Rel(c.cwd, name); relErr == nil {
			shown = rel
		}
		f, err = c.read(a, filepath.ToSlash(shown), name, src)
	case !errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%s: %w", slashed(name), plainPathError(err))
	case parent != dir:
		f, err = c.nearest(a, parent)
	default:
		err = nil
	}
	c.byDir[dir] = f
	return f, err
}

func (c *configs) read(a *app, shown, disk string, src []byte) (*configFile, error) {
	dir, err := filepath.Abs(filepath.Dir(disk))
	if err != nil {
		return nil, err
	}
	f := &configFile{name: shown, dir: dir}
	p := configParser{file: f, known: a.checkCode}
	if p.parse(src); len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	c.files = append(c.files, f)
	return f, nil
}

// suppress is the first suppression of a finding; nil if there is none.
func (c *configs) suppress(f finding, src []byte) *suppression {
	if f.target.config == nil {
		return nil
	}
	for _, s := range f.target.config.ignore {
		if s.code == f.Code && c.matches(s, f.target) && (s.statement == "" || s.statement == sidOf(src, f.Path)) {
			s.used = true
			return s
		}
	}
	return nil
}

// reach marks the suppressions that are about a document's file.
func (c *configs) reach(t *target) {
	if t.config == nil {
		return
	}
	for _, s := range t.config.ignore {
		if s.glob != "" && c.matches(s, t) {
			s.reached = true
		}
	}
}

func (c *configs) matches(s *suppression, t *target) bool {
	if s.glob == "" {
		return true
	}
	rel, err := filepath.Rel(s.file.dir, c.absolute(t))
	return err == nil && matchPath(strings.Split(s.glob, "/"), strings.Split(filepath.ToSlash(rel), "/"))
}

// matchPath matches names one by one; ** stands for any number of them.
func matchPath(glob, names []string) bool {
	for len(glob) > 0 {
		if glob[0] == "**" {
			for i := range len(names) + 1 {
				if matchPath(glob[1:], names[i:]) {
					return true
				}
			}
			return false
		}
		if len(names) == 0 {
			return false
		}
		if ok, _ := path.Match(glob[0], names[0]); !ok {
			return false
		}
		glob, names = glob[1:], names[1:]
	}
	return len(names) == 0
}

// unused are the suppressions that suppress nothing although everything was checked that
// they could be about: the files of their path, or else the whole directory, provided that
// all files could be read. Codes that --ignore leaves out are not judged.
func (c *configs) unused(args []string, all bool, ignored []string) []*suppression {
	var out []*suppression
	for _, f := range c.files {
		whole := false // all below the directory was checked
		for _, arg := range args {
			info, err := os.Stat(arg)
			if arg == "-" || err != nil || !info.IsDir() {
				continue
			}
			if !filepath.IsAbs(arg) {
				arg = filepath.Join(c.cwd, arg)
			}
			rel, err := filepath.Rel(arg, f.dir)
			whole = whole || all && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
		}
		for _, s := range f.ignore {
			if !s.used && (s.reached || whole) && !slices.Contains(ignored, s.code) {
				out = append(out, s)
			}
		}
	}
	return out
}

// A configParser reads YAML node by node, so that every error has its place.
type configParser struct {
	file  *configFile
	known func(code string) error
	errs  []error
}

func (p *configParser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d:%d: %w", p.file.name, n.Line, n.Column, fmt.Errorf(format, args...)))
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func (p *configParser) parse(src []byte) {
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(src))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return // empty
	case err != nil:
		text, line := err.Error(), "1"
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			text, line = text[len(m[0]):], m[1]
		}
		p.errs = append(p.errs, fmt.Errorf("%s:%s: not YAML: %s", p.file.name, line, strings.TrimPrefix(text, "yaml: ")))
		return
	}
	var more yaml.Node
	if d.Decode(&more) == nil {
		p.wrong(&more, "a second document; want one")
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return
	}
	p.members(doc.Content[0], "the file", map[string]func(*yaml.Node){"lint": func(n *yaml.Node) {
		p.members(n, "lint", map[string]func(*yaml.Node){"ignore": p.ignore})
	}})
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// members visits the members of a mapping and refuses those that are not known, or given
// twice.
func (p *configParser) members(n *yaml.Node, what string, visit map[string]func(*yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s: want a mapping", what)
		return
	}
	var names []string
	for _, name := range []string{"lint", "ignore", "code", "path", "statement", "reason"} {
		if visit[name] != nil {
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch f := visit[key.Value]; {
		case f == nil:
			p.wrong(key, "%s has no member %q%s; want %s", what, key.Value, didYouMean(closest(key.Value, names, 1)), strings.Join(names, ", "))
		case seen[key.Value]:
			p.wrong(key, "%q stands here twice", key.Value)
		default:
			seen[key.Value] = true
			f(value)
		}
	}
}

func (p *configParser) ignore(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "ignore: want a list")
		return
	}
	for _, entry := range n.Content {
		p.entry(entry)
	}
}

func (p *configParser) entry(n *yaml.Node) {
	s := &suppression{file: p.file, line: n.Line}
	before := len(p.errs)
	text := func(name string, to *string) func(*yaml.Node) {
		return func(v *yaml.Node) {
			if v.Kind == yaml.AliasNode {
				v = v.Alias
			}
			switch *to = strings.TrimSpace(v.Value); {
			case v.Kind != yaml.ScalarNode:
				p.wrong(v, "%s: want text", name)
			case *to == "" || isNull(v):
				p.wrong(v, "%s: empty", name)
			}
		}
	}
	p.members(n, "an entry of ignore", map[string]func(*yaml.Node){
		"statement": text("statement", &s.statement),
		"reason":    text("reason", &s.reason),
		"code": func(v *yaml.Node) {
			if text("code", &s.code)(v); s.code != "" && v.Kind == yaml.ScalarNode {
				if err := p.known(s.code); err != nil {
					p.wrong(v, "code %w", err)
				}
			}
		},
		"path": func(v *yaml.Node) {
			text("path", &s.glob)(v)
			s.glob = path.Clean(s.glob)
			if _, err := path.Match(s.glob, ""); err != nil {
				p.wrong(v, "path %q: %w", s.glob, err)
			}
			if path.IsAbs(s.glob) {
				p.wrong(v, "path %q: want one from the directory of this file, such as policies/*.json", s.glob)
			}
		},
	})
	if len(p.errs) > before {
		return
	}
	if s.code == "" {
		p.wrong(n, "code is missing; want the code of the findings, such as %q", "INVALID_ACTION")
	}
	if s.reason == "" {
		p.wrong(n, "reason is missing; want why the findings are no problem here")
	}
	p.file.ignore = append(p.file.ignore, s)
}
