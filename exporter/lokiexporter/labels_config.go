package lokiexporter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// Labels is names of stream labels with the attributes that they come from.
type Labels map[string]string

// ownLabels always stand on a stream, and are not configured here.
var ownLabels = []string{stytch.LabelSource, stytch.LabelServiceName}

// Validate refuses labels that Loki would refuse, or that would cost it too much.
func (l Labels) Validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if err := checkLabel(name, l[name]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if most := lokipush.MaxLabels - 1; len(l) > most { // one is source
		errs = append(errs, fmt.Errorf("must be at most %d, since Loki takes %d on a stream and `source` is one, got %d", most, lokipush.MaxLabels, len(l)))
	}
	return errors.Join(errs...)
}

func checkLabel(name, attribute string) error {
	switch {
	case slices.Contains(ownLabels, name):
		return errors.New("is always sent; the stytch processor sets its value")
	case !lokipush.ValidLabelName(name):
		return errors.New("must be a name of letters, digits and underscores that does not begin with a digit")
	case strings.HasPrefix(name, "__"):
		return errors.New("must not begin with two underscores, which are Loki's own")
	case len(name) > lokipush.MaxLabelName:
		return fmt.Errorf("must be at most %d bytes long", lokipush.MaxLabelName)
	case attribute == "":
		return errors.New("must name an attribute")
	case manyValued(attribute):
		return fmt.Errorf("must not come from %s: nearly every event has a value of its own there, and each value is a stream that Loki keeps apart; put it into structured_metadata", attribute)
	}
	return nil
}

// identities end the names of attributes that tell one event, session, person
// or device from the next.
var identities = []string{
	"event_id", "request_id", "webhook_id", "trace_id", "span_id", "session_id", "user_id", "member_id",
	"telemetry_id", "visitor_id", "fingerprint", "email", "email_address", "phone_number", "ip_address", "hash",
}

func manyValued(attribute string) bool {
	name := strings.ReplaceAll(attribute, ".", "_")
	return slices.ContainsFunc(identities, func(identity string) bool {
		return name == identity || strings.HasSuffix(name, "_"+identity)
	})
}

// StructuredMetadata is attributes.
type StructuredMetadata []string

// Validate refuses names that Loki cannot keep, or not apart.
func (s StructuredMetadata) Validate() error {
	var errs []error
	if len(s) > lokipush.MaxMetadata {
		errs = append(errs, fmt.Errorf("must be at most %d attributes, got %d", lokipush.MaxMetadata, len(s)))
	}
	attributes := map[string]string{}
	for _, attribute := range s {
		name, err := lokipush.MetadataName(attribute)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, taken := attributes[name]; taken {
			errs = append(errs, fmt.Errorf("%s, %s: both are %s to Loki", other, attribute, name))
		}
		attributes[name] = attribute
	}
	return errors.Join(errs...)
}

// distinctNames refuses structured metadata of a label's name, which Loki would
// rename to NAME_extracted.
func (cfg *Config) distinctNames() error {
	for _, attribute := range cfg.StructuredMetadata {
		name, _ := lokipush.MetadataName(attribute)
		if _, taken := cfg.Labels[name]; taken || slices.Contains(ownLabels, name) {
			return fmt.Errorf("structured_metadata: %s: is %s to Loki, which is a label already", attribute, name)
		}
	}
	return nil
}
