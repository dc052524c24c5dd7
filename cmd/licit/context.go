package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// contextKeys are condition keys with their values; none says that the key is absent.
type contextKeys struct{ values map[string][]string }

// spelling finds the key as it was written before.
func (c *contextKeys) spelling(key string) (string, bool) {
	for name := range c.values {
		if strings.EqualFold(name, key) {
			return name, true
		}
	}
	return "", false
}

func (c *contextKeys) add(key string, values []string) error {
	if !strings.Contains(key, ":") {
		return fmt.Errorf("%q: condition keys have a prefix, such as aws:SourceIp or s3:prefix", key)
	}
	if name, ok := c.spelling(key); ok {
		return fmt.Errorf("%q: given before as %q, and case does not matter; keep one, with all its values", key, name)
	}
	c.values[key] = values
	return nil
}

// maxContextFile is far more than a request to AWS can carry.
const maxContextFile = 1 << 20

// readContextFile reads a JSON object of condition keys.
func readContextFile(name string) (contextKeys, error) {
	c := contextKeys{values: map[string][]string{}}
	in, err := os.Open(name)
	if err != nil {
		return c, fmt.Errorf("--context-file %q: %w", name, plainPathError(err))
	}
	defer in.Close()
	src, err := io.ReadAll(io.LimitReader(in, maxContextFile+1))
	if err != nil {
		return c, fmt.Errorf("--context-file %q: %w", name, plainPathError(err))
	}
	p := contextParser{file: filepath.ToSlash(name), src: src, keys: &c, tokens: json.NewDecoder(bytes.NewReader(src))}
	p.tokens.UseNumber()
	p.parse()
	return c, errors.Join(p.errs...)
}

// A contextParser reads a context file token by token, so that every error has its place
// and no member is lost to another of its name.
type contextParser struct {
	file   string
	src    []byte
	tokens *json.Decoder
	keys   *contextKeys
	errs   []error
}

func (p *contextParser) fail(offset int, format string, args ...any) {
	before := p.src[:min(offset, len(p.src))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := len(before) - bytes.LastIndexByte(before, '\n')
	p.errs = append(p.errs, fmt.Errorf("%s:%d:%d: %w", p.file, line, column, fmt.Errorf(format, args...)))
}

// next reads a token. ok is false at the end of the text and where it is not JSON, which
// is reported.
func (p *contextParser) next() (token json.Token, offset int, ok bool) {
	offset = int(p.tokens.InputOffset())
	for offset < len(p.src) && strings.IndexByte(" \t\r\n,:", p.src[offset]) >= 0 {
		offset++
	}
	token, err := p.tokens.Token()
	if err == nil {
		return token, offset, true
	}
	if syntax, is := errors.AsType[*json.SyntaxError](err); is && !errors.Is(err, io.ErrUnexpectedEOF) && offset < len(p.src) {
		// The decoder counts the bad byte where it reads a value, and not between values.
		at := int(syntax.Offset)
		if at != int(p.tokens.InputOffset()) {
			at = max(0, at-1)
		}
		p.fail(at, "%s", err)
	} else {
		p.fail(len(p.src), "the text ends in the middle; want an object of condition keys")
	}
	return nil, offset, false
}

func (p *contextParser) parse() {
	switch {
	case len(p.src) > maxContextFile:
		p.fail(0, "more than %d bytes; no request carries that many condition keys", maxContextFile)
		return
	case !utf8.Valid(p.src):
		at := bytes.IndexFunc(p.src, func(r rune) bool { return r == utf8.RuneError })
		p.fail(at, "not UTF-8")
		return
	}
	token, at, ok := p.next()
	if !ok {
		return
	}
	if token != json.Delim('{') {
		p.fail(at, "%s; want an object of condition keys", kindOf(token))
		return
	}
	for p.tokens.More() {
		if !p.member() {
			return
		}
	}
	if _, _, ok := p.next(); !ok {
		return
	}
	if end := int(p.tokens.InputOffset()); len(bytes.TrimSpace(p.src[end:])) > 0 {
		p.fail(end, "text after the object; want one object of condition keys")
	}
}

// member reads one condition key; false where the text is not JSON.
func (p *contextParser) member() bool {
	token, nameAt, ok := p.next()
	if !ok {
		return false
	}
	name, _ := token.(string) // the decoder takes nothing else for a name
	token, at, ok := p.next()
	if !ok {
		return false
	}
	values := []string{}
	switch t := token.(type) {
	case string:
		values = append(values, t)
	case json.Delim:
		if t == '{' {
			p.fail(at, "%q is an object; want a string or a list of strings", name)
			return p.skip()
		}
		for p.tokens.More() {
			token, at, ok := p.next()
			if !ok {
				return false
			}
			value, is := token.(string)
			if !is {
				p.fail(at, "%q lists %s; want strings", name, kindOf(token))
				if _, nested := token.(json.Delim); nested && !p.skip() {
					return false
				}
			}
			values = append(values, value)
		}
		if _, _, ok := p.next(); !ok {
			return false
		}
	default:
		p.fail(at, "%q is %s; want a string or a list of strings", name, kindOf(token))
		return true
	}
	if err := p.keys.add(name, values); err != nil {
		p.fail(nameAt, "%w", err)
	}
	return true
}

// skip reads on to the end of the object or list that has just begun.
func (p *contextParser) skip() bool {
	for depth := 1; depth > 0; {
		token, _, ok := p.next()
		if !ok {
			return false
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return true
}

func kindOf(token json.Token) string {
	switch token.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	}
	if token == json.Delim('[') {
		return "a list"
	}
	return "an object"
}
