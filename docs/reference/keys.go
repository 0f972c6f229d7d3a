package main

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
)

// kind is what a key takes.
type kind string

const (
	section  kind = "section" // further keys
	list     kind = "list"    // of item
	mapping  kind = "map"     // names to item
	text     kind = "text"
	secret   kind = "secret" // a text that is never shown
	number   kind = "number"
	whole    kind = "whole number"
	boolean  kind = "true or false"
	duration kind = "duration"
	anything kind = "anything"
)

// key is a key of a configuration, with what stands below it.
type key struct {
	name      string
	kind      kind
	byDefault string
	comment   string
	values    []string // the only ones that it takes, if any
	keys      []*key   // of a section
	item      *key     // of a list or a map
	optional  bool     // a section that `enabled: false` switches off
	on        bool     // it is on by default
	inList    bool     // the name stands for any entry of a list or a map
	from      string   // the package of a section that is not ours
}

// walker goes through a configuration with its default values.
type walker struct {
	comments *comments
	inside   []reflect.Type // the types that it is in: no type within itself
	err      error
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	opaque          = reflect.TypeFor[configopaque.String]()
	opaqueList      = reflect.TypeFor[configopaque.MapList]()
)

func (w *walker) key(name string, v reflect.Value) *key {
	k := &key{name: name}
	t := v.Type()
	switch {
	case strings.HasPrefix(t.Name(), "Optional[") && strings.HasSuffix(t.PkgPath(), "/configoptional"):
		return w.optional(name, v)
	case t == opaque:
		k.kind, k.byDefault = secret, quote(v.String())
	case t == opaqueList:
		k.kind, k.item = mapping, &key{kind: secret}
	case t == reflect.TypeFor[time.Duration]():
		k.kind, k.byDefault = duration, written(v.Interface().(time.Duration))
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			k = w.key(name, reflect.New(t.Elem()).Elem())
			k.byDefault = ""
			return k
		}
		return w.key(name, v.Elem())
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		k.kind, k.byDefault = text, quote(w.marshalled(v))
	case t.Kind() == reflect.Struct:
		k.kind = section
		if !own(t) {
			k.from = t.PkgPath()
		}
		k.keys = w.keys(v)
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		k.kind, k.item = list, w.key("", reflect.New(t.Elem()).Elem())
		if v.Len() > 0 {
			k.byDefault = strings.ReplaceAll(fmt.Sprintf("%q", v.Interface()), " ", ", ")
		}
	case t.Kind() == reflect.Map:
		k.kind, k.item = mapping, w.key("", reflect.New(t.Elem()).Elem())
	case t.Kind() == reflect.String:
		k.kind, k.byDefault = text, quote(v.String())
		values, err := w.comments.values(t)
		k.values, w.err = values, firstError(w.err, err)
	case t.Kind() == reflect.Bool:
		k.kind, k.byDefault = boolean, strconv.FormatBool(v.Bool())
	case v.CanInt():
		k.kind, k.byDefault = whole, strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		k.kind, k.byDefault = whole, strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		k.kind, k.byDefault = number, strconv.FormatFloat(v.Float(), 'g', -1, 64)
	default:
		k.kind = anything
	}
	return k
}

// marshalled is a value as a configuration has it.
func (w *walker) marshalled(v reflect.Value) string {
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	marshaler, ok := pointer.Interface().(encoding.TextMarshaler)
	if !ok {
		return fmt.Sprint(v.Interface())
	}
	content, err := marshaler.MarshalText()
	w.err = firstError(w.err, err)
	return string(content)
}

// optional reads a configoptional.Optional, whose default may be set and yet be off.
func (w *walker) optional(name string, v reflect.Value) *key {
	on := v.MethodByName("HasValue").Call(nil)[0].Bool()
	holder := reflect.New(v.Type())
	holder.Elem().Set(v)
	inner := holder.MethodByName("Get").Type().Out(0).Elem()
	if inner.Kind() != reflect.Struct {
		value := reflect.New(inner).Elem()
		if on {
			value = holder.MethodByName("Get").Call(nil)[0].Elem()
		}
		k := w.key(name, value)
		if !on {
			k.byDefault = ""
		}
		return k
	}
	k := w.key(name, holder.MethodByName("GetOrInsertDefault").Call(nil)[0].Elem())
	k.optional, k.on = true, on
	return k
}

// keys are those of a struct, with those of the structs that stand in its place.
func (w *walker) keys(v reflect.Value) (keys []*key) {
	t := v.Type()
	if slices.Contains(w.inside, t) {
		return nil
	}
	w.inside = append(w.inside, t)
	defer func() { w.inside = w.inside[:len(w.inside)-1] }()
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if !field.IsExported() || name == "-" || (name == "" && options == "") {
			continue
		}
		if strings.Contains(options, "squash") {
			for _, k := range w.keys(v.Field(i)) {
				if own(t) && !own(field.Type) {
					k.from = field.Type.PkgPath()
				}
				keys = append(keys, k)
			}
			continue
		}
		k := w.key(name, v.Field(i))
		comment, err := w.comments.field(t, field.Name)
		k.comment, w.err = sentence(comment, field.Name, t), firstError(w.err, err)
		keys = append(keys, k)
	}
	return keys
}

// subject is what a comment begins with, a field, where a verb comes next.
var subject = regexp.MustCompile(`^\w+ (?:is |are |([a-z]+s )\b)`)

// sentence is a comment for those who know the keys and not the fields: without its subject where that
// is the field, which stands in another column, and with the keys of other fields of the struct.
func sentence(comment, field string, in reflect.Type) string {
	if found := subject.FindStringSubmatch(comment); found != nil && strings.HasPrefix(comment, field+" ") {
		comment = found[1] + comment[len(found[0]):]
		comment = strings.ToUpper(comment[:1]) + comment[1:]
	}
	for i := range in.NumField() {
		other := in.Field(i)
		name, options, _ := strings.Cut(other.Tag.Get("mapstructure"), ",")
		switch {
		case strings.Contains(options, "squash"):
			for j := range other.Type.NumField() {
				nested := other.Type.Field(j)
				name, _, _ := strings.Cut(nested.Tag.Get("mapstructure"), ",")
				comment = strings.ReplaceAll(comment, other.Name+"."+nested.Name, "`"+name+"`")
			}
		case name != "" && other.Name != strings.ToUpper(other.Name): // HTTP is a word as well
			comment = regexp.MustCompile(`(^|[a-z,] )`+other.Name+`\b`).ReplaceAllString(comment, "$1`"+name+"`")
		}
	}
	return comment
}

// written is a duration as people write it: 10m, not 10m0s.
func written(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func quote(text string) string {
	if text == "" {
		return ""
	}
	return strconv.Quote(text)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
