package lokipush

import (
	"errors"
	"fmt"
)

// ValidLabelName tells whether Loki takes name as a label's name:
// [a-zA-Z_][a-zA-Z0-9_]*.
func ValidLabelName(name string) bool {
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func checkLabels(labels []Label) error {
	if len(labels) == 0 {
		return errors.New("stream: at least one label is required")
	}
	for _, l := range labels {
		if !ValidLabelName(l.Name) {
			return fmt.Errorf("stream: label name %.64q: want letters, digits and underscores, not beginning with a digit", l.Name)
		}
	}
	return nil
}
