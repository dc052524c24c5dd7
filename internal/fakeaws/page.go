package fakeaws

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// An emptiness is what a fault does to the pages of a list.
type emptiness uint8

const (
	full    emptiness = iota
	once              // an empty page comes first, with a token
	forever           // all pages are empty, and have a token
	circle            // the last page leads to the first
)

// cut returns the page of a list that a token asks for, and the token of the next one. size
// is what the client wants, most is what AWS gives.
func cut[T any](c *call, list []T, token *string, size *int32, most int) ([]T, *string, error) {
	start := 0
	if token != nil {
		var err error
		if start, err = c.offset(*token); err != nil || start < 0 || start > len(list) {
			return nil, nil, invalid("ValidationException", "invalid token %q", *token)
		}
	}
	if c.empty == forever || c.empty == once && token == nil {
		return []T{}, c.token(start), nil
	}
	if size != nil && int(*size) < most {
		most = int(*size)
	}
	if c.s.PageSize > 0 {
		most = min(most, c.s.PageSize)
	}
	if most < 1 {
		return nil, nil, invalid("ValidationException", "a page of %d items", most)
	}
	end := min(start+most, len(list))
	page := append([]T{}, list[start:end]...)
	if end == len(list) && c.empty == circle {
		return page, c.token(0), nil
	}
	if end == len(list) {
		return page, nil, nil
	}
	return page, c.token(end), nil
}

// token is opaque, and good for nothing but the operation and account that it was given to.
func (c *call) token(offset int) *string {
	t := base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d", c.Operation, c.Account, offset))
	return &t
}

func (c *call) offset(token string) (int, error) {
	text, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	rest, ok := strings.CutPrefix(string(text), c.Operation+" "+c.Account+" ")
	if !ok {
		return 0, fmt.Errorf("token of something else")
	}
	return strconv.Atoi(rest)
}
