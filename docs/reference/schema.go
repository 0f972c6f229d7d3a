package main

import (
	"bytes"
	"encoding/json"
)

// object is JSON.
type object = map[string]any

// variable is a value that the collector expands: any key may have one instead of a number.
const variable = `\$\{.+\}`

// schemaOf is a JSON schema of draft 7, which editors know best, for a whole configuration of the
// collector: strict about our components, open about others.
func schemaOf(all []described) (string, error) {
	definitions, groups := object{}, map[string]object{}
	for _, d := range all {
		name := d.kind + "_" + d.name()
		definitions[name] = schema(d.root)
		group := d.kind + "s"
		if groups[group] == nil {
			groups[group] = object{}
		}
		groups[group]["^"+d.name()+"(/.+)?$"] = object{"$ref": "#/definitions/" + name}
	}
	properties := object{"service": object{"type": "object"}, "connectors": object{"type": []string{"object", "null"}}}
	for _, group := range []string{"receivers", "processors", "exporters", "extensions"} {
		properties[group] = object{"type": []string{"object", "null"}}
		if len(groups[group]) > 0 {
			properties[group].(object)["patternProperties"] = groups[group]
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(object{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"title":   "Configuration of otelcol-stytch",
		"type":    "object", "properties": properties, "additionalProperties": false,
		"definitions": definitions,
	})
	return b.String(), err
}

func schema(k *key) object {
	s := object{}
	switch k.kind {
	case section:
		properties := object{}
		for _, below := range k.keys {
			properties[below.name] = schema(below)
		}
		if k.optional {
			properties["enabled"] = object{"type": "boolean"}
		}
		s = object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	case list:
		s = object{"type": []string{"array", "null"}, "items": schema(k.item)}
	case mapping:
		s = object{"type": []string{"object", "null"}, "additionalProperties": schema(k.item)}
	case text, secret:
		s["type"] = []string{"string", "null"}
		if len(k.values) > 0 {
			s = object{"anyOf": []object{{"enum": k.values}, {"type": "string", "pattern": variable}}}
		}
	case number:
		s = object{"type": []string{"number", "string"}, "pattern": variable}
	case whole:
		s = object{"type": []string{"integer", "string"}, "pattern": variable}
	case boolean:
		s = object{"type": []string{"boolean", "string"}, "pattern": variable}
	case duration: // without a unit only 0 is what it looks like
		s = object{"type": []string{"string", "integer"}, "minimum": 0, "maximum": 0, "pattern": `^-?([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+$|^0$|` + variable}
	}
	if k.comment != "" {
		s["description"] = k.comment
	}
	if k.byDefault != "" && k.kind != list {
		s["default"] = byDefault(k)
	}
	return s
}

// byDefault is the default as JSON has it.
func byDefault(k *key) any {
	var value any
	if json.Unmarshal([]byte(k.byDefault), &value) != nil {
		return k.byDefault // a duration
	}
	return value
}
