package detect

import "strings"

// A term is a word or phrase that a log event has, or must not have.
type term struct {
	text    string
	exclude bool
}

// terms reads the pattern of log events without structure.
func (s *scanner) terms(p *Pattern) *PatternError {
	for {
		s.space()
		if s.at == len(s.text) {
			break
		}
		start := s.at
		optional, exclude := s.take("?"), false
		if !optional {
			exclude = s.take("-")
		}
		t, err := s.termText()
		if err != nil {
			return err
		}
		if optional {
			p.any = append(p.any, term{text: t})
		} else {
			p.terms = append(p.terms, term{t, exclude})
		}
		if len(p.any) > 0 && len(p.terms) > 0 {
			return s.unsupported(start, "terms with and without a question mark together")
		}
		if s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) < 0 {
			return s.fail(s.at, "%s directly behind a term; want a space", s.next())
		}
	}
	return nil
}

func (s *scanner) termText() (string, *PatternError) {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		start := s.at
		t, err := s.quoted()
		if err == nil && t == "" && s.text != `""` {
			err = s.unsupported(start, "an empty term among others")
		}
		return t, err
	}
	if s.at < len(s.text) && s.text[s.at] == '%' {
		return "", s.unsupported(s.at, "a regular expression among terms")
	}
	// “Enclose exact phrases and terms that include non-alphanumeric characters in double quotation marks.”
	t := s.run(func(c byte) bool { return isAlphanumeric(c) || c == '_' })
	if t == "" {
		return "", s.fail(s.at, "%s; want a term of letters and digits, or one in double quotation marks", s.next())
	}
	return t, nil
}

func (m *matcher) all(terms []term, message string) Answer {
	a := Yes
	for _, t := range terms {
		a = both(a, m.term(t, message))
	}
	return a
}

// term looks for a term. Editions of the guide differ in whether ERROR is found in ERRORCODE.
func (m *matcher) term(t term, message string) Answer {
	found := No
	for from := 0; from <= len(message); {
		at := strings.Index(message[from:], t.text)
		if at < 0 {
			break
		}
		start, end := from+at, from+at+len(t.text)
		if (start == 0 || !isWord(message[start-1]) || t.text == "" || !isWord(t.text[0])) && (end == len(message) || !isWord(message[end]) || t.text == "" || !isWord(t.text[len(t.text)-1])) {
			found = Yes
			break
		}
		found = Unknown
		from = start + 1
	}
	if found == Unknown {
		m.because("%q is only a part of words; AWS documents both that it matches and that it does not", t.text)
	}
	if t.exclude {
		return found.not()
	}
	return found
}

func isWord(c byte) bool { return isAlphanumeric(c) || c == '_' || c >= 0x80 }
