package httpsend

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// text is a setting that is a text even where YAML reads a number, as in
// `username: 123456`. The collector keeps how a value of ${env:NAME} or ${file:PATH}
// is written. Of one in the configuration itself it knows only the number: a whole
// number is taken in decimal, so that 0123, octal to YAML, becomes 83; anything else
// (1e5, true) is refused.
type text string

// number stands before a text that was a number. No setting begins with it.
const number = "\x00"

// UnmarshalScalar reads a text or a whole number.
func (t *text) UnmarshalScalar(value confmap.ScalarValue) error {
	switch v := value.GetRaw().(type) {
	case string:
		*t = text(v)
	case int, int64, uint64:
		*t = text(number + fmt.Sprint(v))
	case float64, bool, time.Time:
		return errors.New("must be in quotes: without them YAML reads no text, and how it is written is lost")
	default:
		return confmap.ErrValueNotApplicable
	}
	return nil
}

// Texts makes texts of the values at keys of conf, before it is decoded, and cuts
// one line end off each, which a file of ${file:PATH} ends with. It returns the
// keys of those that were numbers in the configuration.
func Texts(conf *confmap.Conf, keys ...string) (numbers []string, err error) {
	var fields []reflect.StructField
	for i, key := range keys {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprint("Text", i), Type: reflect.TypeFor[text](), Tag: reflect.StructTag(`mapstructure:"` + key + `"`),
		})
	}
	texts := reflect.New(reflect.StructOf(fields))
	if err := conf.Unmarshal(texts.Interface(), confmap.WithIgnoreUnused()); err != nil {
		return nil, err
	}
	for i, key := range keys {
		if !conf.IsSet(key) {
			continue
		}
		value, isNumber := strings.CutPrefix(texts.Elem().Field(i).String(), number)
		if isNumber {
			numbers = append(numbers, key)
		}
		if err := conf.Merge(confmap.NewFromStringMap(map[string]any{key: withoutLineEnd(value)})); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// CutLineEnds cuts one line end off each header's value, as Texts does.
func CutLineEnds(headers configopaque.MapList) {
	for i := range headers {
		headers[i].Value = configopaque.String(withoutLineEnd(string(headers[i].Value)))
	}
}

func withoutLineEnd(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// WarnOfNumbers tells of keys that Texts found numbers at.
func WarnOfNumbers(logger *zap.Logger, keys []string) {
	if len(keys) > 0 {
		logger.Warn("Numbers without quotes are sent in decimal: put them in quotes, for 0123 is 83 to YAML", zap.Strings("keys", keys))
	}
}

// CheckSecret refuses what no secret holds: a control character, or white space at
// one of its ends. The error does not show the secret.
func CheckSecret(key string, secret configopaque.String) error {
	s := string(secret)
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%s: must not begin or end with white space or hold a control character, such as a line end", key)
	}
	return nil
}
