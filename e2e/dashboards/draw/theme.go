package main

import (
	"cmp"
	"strings"
)

// theme is a set of colours.
type theme struct {
	name                                      string
	page, panel, border, text, faint, gridded string
	named                                     map[string]string
}

var (
	light = theme{
		"light", "#f4f5f5", "#ffffff", "#dcdfe3", "#24292e", "#6b7079", "#eceef1",
		map[string]string{"green": "#3f9c35", "red": "#d9304a", "orange": "#ed7014", "yellow": "#d9a400", "blue": "#3274d9", "purple": "#9355c4"},
	}
	dark = theme{
		"dark", "#111217", "#1a1c21", "#2c2f36", "#d8d9df", "#8e919b", "#272a30",
		map[string]string{"green": "#73bf69", "red": "#f2495c", "orange": "#ff9830", "yellow": "#fade2a", "blue": "#5794f2", "purple": "#b877d9"},
	}
	// classic are the colours of series without one of their own, in turn.
	classic = []string{"green", "blue", "orange", "purple", "red", "yellow", "#4bb3bd", "#8a6d5a", "#d16fa5", "#7f8c9a"}
)

// color is a name of Grafana's, or #rrggbb.
func (t theme) color(name string) string { return cmp.Or(t.named[name], name) }

// colorOf is the colour of a panel's nth series.
func (t theme) colorOf(r result, name string, n int) string {
	for _, override := range r.FieldConfig.Overrides {
		if override.Matcher.Options == name && len(override.Properties) > 0 {
			return t.color(override.Properties[0].Value.FixedColor)
		}
	}
	if fixed := r.FieldConfig.Defaults.Color.FixedColor; fixed != "" {
		return t.color(fixed)
	}
	return t.color(classic[n%len(classic)])
}

// colorAt is the colour of a value by the panel's thresholds, else its own.
func (t theme) colorAt(r result, value float64) string {
	color := ""
	for _, step := range r.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value == nil || value >= *step.Value {
			color = step.Color
		}
	}
	if color == "" {
		return t.colorOf(r, "", 0)
	}
	return t.color(color)
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace
