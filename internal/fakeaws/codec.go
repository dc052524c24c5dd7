package fakeaws

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
)

// A tree is the value of a member of an output: object, []tree, string, bool, int64, float64,
// time.Time or []byte.
type tree any

// An object is a structure or a map, in order.
type object []member

type member struct {
	name string
	tree tree
	key  bool // name is the key of a map, not the name of a member
	// exact says that the name is not changed by a service that has others in lowerCamelCase.
	exact bool
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// exact are structures with members that are not named as the others of their service: the
// tags of ECR.
var exact = map[reflect.Type]bool{reflect.TypeFor[ecrtypes.Tag](): true}

// lowered are members that are not named as the others of their service: of CloudTrail's
// DescribeTrails.
var lowered = map[string]bool{"TrailList": true}

// outline turns an output of the SDK into a tree. What is nil or an unset enumeration is
// left out.
func outline(v reflect.Value) (tree, bool) {
	switch v.Type() {
	case timeType:
		return v.Interface(), true
	case bytesType:
		return v.Interface(), !v.IsNil()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil, false
		}
		if v.Kind() == reflect.Interface {
			return outlineUnion(v.Type().Name(), v.Elem().Elem())
		}
		return element(v.Elem()), true
	case reflect.Struct:
		return outlineStruct(v), true
	case reflect.Slice:
		list := make([]tree, v.Len())
		for i := range list {
			list[i] = element(v.Index(i))
		}
		return list, !v.IsNil()
	case reflect.Map:
		o := make(object, 0, v.Len())
		for _, key := range v.MapKeys() {
			o = append(o, member{name: key.String(), tree: element(v.MapIndex(key)), key: true})
		}
		slices.SortFunc(o, func(a, b member) int { return strings.Compare(a.name, b.name) })
		return o, !v.IsNil()
	case reflect.String:
		if v.Len() == 0 {
			return nil, false
		}
		return v.String(), true
	case reflect.Bool:
		return v.Bool(), true
	case reflect.Int32, reflect.Int64:
		return v.Int(), true
	case reflect.Float32, reflect.Float64:
		return v.Float(), true
	}
	panic("fakeaws: no codec for " + v.Type().String())
}

// element is an element of a list or a map, or what a pointer points to, which is there even
// if it is an empty text.
func element(v reflect.Value) tree {
	if v.Kind() == reflect.String {
		return v.String()
	}
	t, _ := outline(v)
	return t
}

func outlineStruct(v reflect.Value) object {
	o := object{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		if t, ok := outline(v.Field(i)); ok {
			o = append(o, member{name: f.Name, tree: t, exact: exact[v.Type()]})
		}
	}
	return o
}

// outlineUnion is a union, which the SDK has as a structure XMemberY with a Value.
func outlineUnion(union string, v reflect.Value) (tree, bool) {
	name := strings.TrimPrefix(v.Type().Name(), union+"Member")
	t, ok := outline(v.FieldByName("Value"))
	return object{{name: name, tree: t}}, ok
}

// appendJSON writes a tree as AWS's JSON protocols do: times are seconds since the epoch,
// blobs are base64.
func appendJSON(b []byte, t tree, lower bool) []byte {
	switch t := t.(type) {
	case object:
		b = append(b, '{')
		for i, m := range t {
			if i > 0 {
				b = append(b, ',')
			}
			name := m.name
			if (lower && !m.key && !m.exact) || lowered[name] {
				name = lowerFirst(name)
			}
			b = append(appendJSON(b, name, lower), ':')
			b = appendJSON(b, m.tree, lower)
		}
		return append(b, '}')
	case []tree:
		b = append(b, '[')
		for i, e := range t {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e, lower)
		}
		return append(b, ']')
	case time.Time:
		return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
	case []byte:
		return appendJSON(b, base64.StdEncoding.EncodeToString(t), lower)
	default:
		text, err := json.Marshal(t)
		if err != nil {
			panic("fakeaws: " + err.Error())
		}
		return append(b, text...)
	}
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// appendXML writes a tree as the query protocol does: lists of <member>, maps of <entry>.
func appendXML(b []byte, name string, t tree) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = appendXMLContent(b, t)
	return append(append(append(b, "</"...), name...), '>')
}

func appendXMLContent(b []byte, t tree) []byte {
	switch t := t.(type) {
	case object:
		for _, m := range t {
			if m.key {
				b = append(b, "<entry>"...)
				b = appendXML(b, "key", m.name)
				b = appendXML(b, "value", m.tree)
				b = append(b, "</entry>"...)
				continue
			}
			b = appendXML(b, m.name, m.tree)
		}
		return b
	case []tree:
		for _, e := range t {
			b = appendXML(b, "member", e)
		}
		return b
	default:
		return appendXMLText(b, scalar(t))
	}
}

// scalar is the text of a value in XML.
func scalar(t tree) string {
	switch t := t.(type) {
	case nil:
		return ""
	case time.Time:
		return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
	case []byte:
		return base64.StdEncoding.EncodeToString(t)
	}
	return fmt.Sprint(t)
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;",
	"\t", "&#9;", "\n", "&#10;", "\r", "&#13;")

func appendXMLText(b []byte, s string) []byte {
	return append(b, xmlEscapes.Replace(s)...)
}

// fill puts a decoded request, which is as encoding/json decodes it, into an input of the
// SDK. Texts become numbers and truth values where the input has those, as forms need it.
func fill(v reflect.Value, from any) error {
	if v.Type() == timeType {
		return fillTime(v, from)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), from)
	case reflect.Interface:
		return fillUnion(v, from)
	case reflect.Struct:
		members, ok := from.(map[string]any)
		if !ok {
			return fmt.Errorf("got %T where a structure is expected", from)
		}
		for name, value := range members {
			f := v.FieldByName(upperFirst(name))
			if !f.IsValid() {
				return fmt.Errorf("%s has no member %s", v.Type().Name(), name)
			}
			if value == nil {
				continue
			}
			if err := fill(f, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case reflect.Slice:
		list, ok := from.([]any)
		if !ok {
			return fmt.Errorf("got %T where a list is expected", from)
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, e := range list {
			if err := fill(v.Index(i), e); err != nil {
				return err
			}
		}
		return nil
	}
	return fillScalar(v, fmt.Sprint(from))
}

func fillScalar(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
		return err
	}
	return fmt.Errorf("no codec for %s", v.Type())
}

func fillTime(v reflect.Value, from any) error {
	seconds, err := strconv.ParseFloat(fmt.Sprint(from), 64)
	v.Set(reflect.ValueOf(time.UnixMilli(int64(seconds * 1000)).UTC()))
	return err
}

// unions makes the variants of the unions that inputs have, by the name of the type and of
// the variant.
var unions = map[string]func() any{
	"MemberId.UserId": func() any { return new(identitystoretypes.MemberIdMemberUserId) },
}

func fillUnion(v reflect.Value, from any) error {
	members, _ := from.(map[string]any)
	for name, value := range members {
		variant, ok := unions[v.Type().Name()+"."+name]
		if !ok || len(members) != 1 {
			break
		}
		u := reflect.ValueOf(variant())
		if err := fill(u.Elem().FieldByName("Value"), value); err != nil {
			return err
		}
		v.Set(u)
		return nil
	}
	return fmt.Errorf("no variant of %s", v.Type().Name())
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
