package cloudtrail

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
)

// maxRecord is the longest record or message that is read, 8 times what CloudTrail delivers at
// most (CloudTrail User Guide, “Quotas in AWS CloudTrail”: 256 KB, or 1 MB with added context).
const maxRecord = 8 << 20

// maxWraps is how deep an event may be wrapped: a log message in a queue message in a page.
const maxWraps = 6

// lists are the members of documents that hold events, or what wraps them: of log files,
// pages of LookupEvents, subscription data and FilterLogEvents of CloudWatch Logs,
// ReceiveMessage of SQS, and Firehose.
var lists = map[string]bool{"Records": true, "Events": true, "logEvents": true, "events": true, "Messages": true, "records": true}

// asides are the other members that such a document may begin with.
var asides = map[string]bool{
	"NextToken": true, "nextToken": true, "ResponseMetadata": true, "searchedLogStreams": true,
	"messageType": true, "owner": true, "logGroup": true, "logStream": true, "subscriptionFilters": true, "policyLevel": true,
	"invocationId": true, "deliveryStreamArn": true, "region": true,
}

// A walker walks through a text of any form, and gives each event and each problem to emit.
type walker struct {
	w       *window
	file    string
	emit    func(*Event, *ReadError) bool // false: stop
	skip    func(Skipped)
	stopped bool
	cut     bool // truncated, and reported
	token   bool // the last page says that there are more
	synced  bool // after damage: commas and brackets of the list that the position is in may be missing, or too many

	scan   *scanner
	spent  int64 // bytes that recover looked at
	wraps  int   // around this text
	within int64 // offset of the outermost wrapper, if wraps > 0
	quiet  bool  // in a control message of CloudWatch Logs
}

func (d *walker) offset() int64 {
	if d.wraps > 0 {
		return d.within
	}
	return d.w.offset()
}

func (d *walker) fail(fault Fault, err error) {
	if !d.stopped && !d.emit(nil, &ReadError{File: d.file, Offset: d.offset(), Fault: fault, Err: err}) {
		d.stopped = true
	}
}

func (d *walker) pass(reason Skipped) { d.skip(reason) }

// read walks through what a file holds.
func (d *walker) read(src io.Reader, err error) {
	if err != nil {
		d.fail(FaultRead, err)
		return
	}
	d.w = &window{src: src}
	d.text()
}

// An unzipper opens one file after the other.
type unzipper struct {
	in  *bufio.Reader
	zip *gzip.Reader
}

// unzip returns what a file holds, whether it is gzip or not.
func (u *unzipper) unzip(file io.Reader) (io.Reader, error) {
	if u.in == nil {
		u.in = bufio.NewReaderSize(file, 64<<10)
	} else {
		u.in.Reset(file)
	}
	if magic, _ := u.in.Peek(2); !isGzip(magic) {
		return u.in, nil
	}
	if u.zip == nil {
		u.zip = new(gzip.Reader)
	}
	if err := u.zip.Reset(u.in); err != nil {
		return nil, fmt.Errorf("is not gzip, although it begins so: %w", err)
	}
	return u.zip, nil
}

func isGzip(text []byte) bool { return len(text) > 1 && text[0] == 0x1f && text[1] == 0x8b }

// text walks through the whole text.
func (d *walker) text() {
	// Firehose compresses once more what CloudWatch Logs has compressed.
	for range 2 {
		if _, ok := d.w.peek(1); !ok || !isGzip(d.w.buf[d.w.pos:d.w.end]) {
			break
		}
		src, err := new(unzipper).unzip(d.w)
		if err != nil {
			d.fail(FaultRead, err)
			return
		}
		d.w = &window{src: src}
	}
	if first, ok := d.w.peek(2); ok && first == 0xbf && d.w.buf[d.w.pos] == 0xef {
		d.w.pos += 3
	}
	for first := true; !d.stopped; first = false {
		c, ok := d.w.space()
		if !ok {
			if first && d.w.err == io.EOF {
				d.pass(SkippedEmpty)
			}
			break
		}
		if d.synced && (c == ',' || c == ']' || c == '}') {
			d.w.pos++ // of a list whose beginning was lost
			continue
		}
		switch c {
		case '{':
			d.top()
		case '[':
			d.elements()
		case '"':
			d.unit(false)
		default:
			d.line(first)
		}
	}
	switch err := d.w.err; {
	case err == nil || err == io.EOF:
		if d.token && !d.cut {
			d.fail(FaultPage, errors.New("there are more events: the last page has a NextToken; want all pages"))
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		d.fail(FaultTruncated, errors.New("the compressed data end too early; the file looks truncated"))
	default:
		d.fail(FaultRead, fmt.Errorf("reading stopped: %w", err))
	}
}

// top reads an object: a document of many events, or one event.
func (d *walker) top() {
	if name := d.firstName(); lists[string(name)] || asides[string(name)] {
		d.document()
		return
	}
	d.unit(false)
}

// firstName returns the name of the first member of the object that is next.
func (d *walker) firstName() []byte {
	i := 1
	for c, ok := d.w.peek(i); ok && isSpace(c); c, ok = d.w.peek(i) {
		i++
	}
	return d.word(i)
}

// word returns the string that is so far from the position, if it is short and without escapes.
func (d *walker) word(at int) []byte {
	for i := at; i < at+32; i++ {
		switch c, ok := d.w.peek(i); {
		case !ok || c == '\\' || i == at && c != '"':
			return nil
		case c == '"' && i > at:
			return d.w.buf[d.w.pos+at+1 : d.w.pos+i]
		}
	}
	return nil
}

// line reads what is before an event on a line: the time, and the log stream, as CloudWatch
// Logs exports them.
func (d *walker) line(first bool) {
	for i := 0; i < 1024; i++ {
		c, ok := d.w.peek(i)
		if ok && c == '{' && isDay(d.w.buf[d.w.pos:d.w.end]) {
			d.w.pos += i
			return
		}
		if !ok || c == '\n' {
			break
		}
	}
	if first && !isDay(d.w.buf[d.w.pos:d.w.end]) {
		d.fail(FaultForm, errors.New("is no form of CloudTrail events that is known"))
		d.w.pos, d.w.err = d.w.end, io.EOF
		return
	}
	d.fail(FaultSyntax, errors.New("a line without an event"))
	d.nextLine()
}

// isDay is whether text begins with a day: 2024-05-01.
func isDay(text []byte) bool {
	const form = "dddd-dd-dd"
	if len(text) < len(form) {
		return false
	}
	for i, c := range []byte(form) {
		if t := text[i]; c == 'd' && (t < '0' || t > '9') || c == '-' && t != '-' {
			return false
		}
	}
	return true
}

// document reads an object whose members are lists of events.
func (d *walker) document() {
	start, lost := d.offset(), true
	d.token = false
	d.w.pos++
	for first := true; !d.stopped; first = false {
		c, ok := d.w.space()
		if ok && c == '}' {
			if lost {
				d.fail(FaultForm, errors.New("an object without a list of events ends here"))
				d.token = false
			}
			d.w.pos++
			d.quiet = false
			return
		}
		if !first {
			if ok && c == ',' {
				d.w.pos++
				c, ok = d.w.space()
			} else if ok && c == '"' {
				c = 0
			}
		}
		if !ok {
			d.truncated(start)
			return
		}
		if c != '"' {
			d.fail(FaultSyntax, errors.New("want a member or the end of the object"))
			if d.synced = c == '{'; !d.synced {
				d.resync(false)
			}
			return
		}
		name := string(d.word(0))
		if !d.value(false) {
			return
		}
		c, ok = d.w.space()
		if !ok || c != ':' {
			if !ok {
				d.truncated(start)
				return
			}
			d.fail(FaultSyntax, errors.New("want a colon"))
			d.resync(false)
			return
		}
		d.w.pos++
		switch c, _ = d.w.space(); {
		case lists[name] && (c == '[' || c == 'n'):
			lost = false
			if c == '[' {
				d.elements()
			} else if !d.value(false) {
				return
			}
		case (name == "NextToken" || name == "nextToken") && c == '"':
			after, _ := d.w.peek(1)
			d.token = after != '"'
			if !d.value(false) {
				return
			}
		case name == "messageType" && c == '"':
			d.quiet = string(d.word(0)) == "CONTROL_MESSAGE"
			fallthrough
		default:
			if !d.value(false) {
				return
			}
		}
	}
}

// truncated reports, once, that the text ends in the middle of what began at an offset; what
// text reports is not reported here.
func (d *walker) truncated(start int64) {
	if d.cut || d.stopped || d.w.err != io.EOF {
		return
	}
	d.cut = true
	err := &ReadError{File: d.file, Offset: start, Fault: FaultTruncated, Err: errors.New("the text ends in the middle of a value; it looks truncated")}
	d.stopped = !d.emit(nil, err)
}

// elements reads the array that is next.
func (d *walker) elements() {
	start := d.offset()
	d.w.pos++
	for first := true; !d.stopped; first = false {
		c, ok := d.w.space()
		if ok && c == ']' {
			d.w.pos++
			return
		}
		if ok && !first && !d.synced {
			if c == ',' {
				d.w.pos++
				_, ok = d.w.space()
			} else {
				d.fail(FaultSyntax, errors.New("want a comma or the end of the array"))
				if c != '{' && !d.resync(true) {
					return
				}
			}
		}
		d.synced = false
		if !ok {
			d.truncated(start)
			return
		}
		if !d.unit(true) {
			return
		}
	}
}

// unit reads the value that is next: an event, or what wraps some. It is false if the array
// that it is an element of has no further ones that could be found.
func (d *walker) unit(element bool) bool {
	for {
		text := d.w.buf[d.w.pos:d.w.end]
		if !d.quiet && text[0] == '{' {
			e, n, end := d.scan.event(text)
			if end == taken && n <= maxRecord {
				d.w.shared = true
				if !d.ends(n, element) {
					d.w.pos += n - 1
					return d.resync(element)
				}
				d.event(e)
				d.w.pos += n
				return !d.stopped
			}
			if end == short && len(text) <= maxRecord && d.w.fill() {
				continue
			}
		}
		n, err := extent(text[:min(len(text), maxRecord+1)])
		switch {
		case err == nil && n == len(text) && isDigit(text[n-1]) && d.w.fill():
			continue // the number may go on
		case err == nil && n <= maxRecord:
			d.w.shared = true
			if !d.ends(n, element) {
				d.w.pos += n - 1
				return d.resync(element)
			}
			d.take(text[:n:n])
			d.w.pos += n
			return !d.stopped
		case (err == nil || err == io.ErrUnexpectedEOF) && len(text) > maxRecord:
			return d.tooLong(element)
		case err == io.ErrUnexpectedEOF && d.w.fill():
			continue
		case err == io.ErrUnexpectedEOF:
			d.truncated(d.offset())
			d.w.pos = d.w.end
			return false
		}
		good, problem := syntaxProblem(err)
		d.fail(FaultSyntax, problem)
		return d.recover(element, good)
	}
}

// ends is whether a value of a length is followed by what may follow one. A record that is cut
// short by a bracket that should not be there is not; and is reported.
func (d *walker) ends(n int, element bool) bool {
	c, ok := d.w.peek(n)
	for ; element && ok && isSpace(c); c, ok = d.w.peek(n) {
		n++
	}
	if !ok || c == '{' || element && (c == ',' || c == ']') || !element && (isSpace(c) || c == '[' || c == '"' || d.synced && (c == ',' || c == ']')) {
		return true
	}
	d.fail(FaultSyntax, fmt.Errorf("is not JSON: %q after a value (%d bytes after the beginning of the record)", c, n))
	return false
}

// syntaxProblem says what is wrong with a value, and how far it is good.
func syntaxProblem(err error) (good int, problem error) {
	var bad *jsontext.SyntacticError
	if errors.As(err, &bad) && bad.Err != nil {
		return int(bad.ByteOffset), fmt.Errorf("is not JSON: %w (%d bytes after the beginning of the record)", bad.Err, bad.ByteOffset)
	}
	return 0, err
}

// take reads a complete value.
func (d *walker) take(v jsontext.Value) {
	if d.quiet {
		d.pass(SkippedOther)
		return
	}
	if v.Kind() == '"' {
		d.nest(unquote(v))
		return
	}
	if v.Kind() != '{' {
		d.fail(FaultForm, fmt.Errorf("is %s; want an event", kindName(v.Kind())))
		return
	}
	s := shapeOf(v)
	switch {
	case s.record:
		d.record(v)
		if s.list && !d.stopped {
			d.nestDocument(v)
		}
	case s.detail != nil:
		if !strings.Contains(s.detailType, "CloudTrail") && !shapeOf(s.detail).record {
			d.pass(SkippedOther)
			return
		}
		d.nest(s.detail)
	case s.list:
		d.nestDocument(v)
	case s.digest:
		d.pass(SkippedDigest)
	case s.text != nil:
		text := unquote(s.text)
		if strings.HasPrefix(string(text[:min(len(text), 32)]), "CWL CONTROL MESSAGE") {
			d.pass(SkippedOther)
			return
		}
		d.nest(text)
	case s.data != nil:
		text, err := base64.StdEncoding.AppendDecode(nil, unquote(s.data))
		if err != nil {
			d.fail(FaultForm, fmt.Errorf("data is not base64: %w", err))
			return
		}
		d.nest(text)
	case s.polled:
		d.pass(SkippedOther)
	default:
		d.fail(FaultForm, errors.New("is an object, but no event; want eventTime, eventSource and eventName"))
	}
}

func unquote(v jsontext.Value) []byte {
	text, _ := jsontext.AppendUnquote(nil, v) // its only error here is bad UTF-8, which it replaces
	return text
}

func (d *walker) record(v jsontext.Value) {
	e, odd, err := strictEvent(v)
	if err != nil {
		d.fail(FaultType, err)
		return
	}
	for range odd {
		d.pass(SkippedTime)
	}
	d.event(e)
}

// event takes what was read as an event.
func (d *walker) event(e *Event) {
	switch {
	case e.Category == "Insight" || e.Type == "AwsCloudTrailInsight":
		d.pass(SkippedInsight)
	case e.Category == "Aggregated" || e.Type == "AwsAggregatedEvent":
		d.pass(SkippedAggregated)
	case strings.HasPrefix(e.Source, "aws:"):
		d.pass(SkippedOther) // an event notification of S3, which looks much like a record
	case e.Time.IsZero():
		d.fail(FaultType, &typeError{"/eventTime", "missing"})
	case e.Source == "":
		d.fail(FaultType, &typeError{"/eventSource", "missing"})
	case e.Name == "":
		d.fail(FaultType, &typeError{"/eventName", "missing"})
	case !d.emit(e, nil):
		d.stopped = true
	}
}

// nest walks through a text that was wrapped in a value.
func (d *walker) nest(text []byte) { d.inner(text).walk() }

func (d *walker) nestDocument(v jsontext.Value) {
	n := d.inner(v)
	if n.tooDeep() {
		return
	}
	n.document()
	d.stopped, d.token = d.stopped || n.stopped, n.token
}

func (d *walker) inner(text []byte) *walker {
	n := &walker{w: &window{buf: text, end: len(text), shared: true, err: io.EOF}, file: d.file, scan: d.scan, skip: d.skip, wraps: d.wraps + 1, within: d.offset()}
	n.emit = func(e *Event, err *ReadError) bool {
		if !d.emit(e, err) {
			d.stopped = true
		}
		return !d.stopped
	}
	return n
}

func (d *walker) tooDeep() bool {
	if d.wraps > maxWraps {
		d.fail(FaultForm, fmt.Errorf("is wrapped more than %d times", maxWraps))
		return true
	}
	return false
}

func (d *walker) walk() {
	if d.tooDeep() {
		return
	}
	d.text()
}
