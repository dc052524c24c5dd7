package digest

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// object reads the beginning of an object.
func object(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err == nil && tok.Kind() != '{' {
		err = errors.New("want an object")
	}
	return err
}

// members calls read for each member of an object whose beginning has been read, and reads its
// end.
func members(dec *jsontext.Decoder, read func(name string) error) error {
	for {
		tok, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case tok.Kind() == '}':
			return nil
		case tok.Kind() != '"':
			return errors.New("want an object")
		}
		if err := read(tok.String()); err != nil {
			return err
		}
	}
}

// elements calls read for each element of an array.
func elements(dec *jsontext.Decoder, read func() error) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '[' {
		return errors.New("want an array")
	}
	for dec.PeekKind() != ']' {
		if err := read(); err != nil {
			return err
		}
	}
	_, err = dec.ReadToken()
	return err
}

func text(dec *jsontext.Decoder) (string, error) {
	s, isNull, err := textOrNull(dec)
	if err == nil && isNull {
		err = errors.New("null; want a string")
	}
	return s, err
}

func textOrNull(dec *jsontext.Decoder) (s string, isNull bool, err error) {
	tok, err := dec.ReadToken()
	switch {
	case err != nil:
		return "", false, err
	case tok.Kind() == 'n':
		return "", true, nil
	case tok.Kind() != '"':
		return "", false, errors.New("want a string")
	}
	return tok.String(), false, nil
}
