package main

import (
	"math"
)

// stat draws the last value of each series, large.
func (s *sheet) stat(r result, b box) {
	field := r.FieldConfig.Defaults
	size := 34.0
	if len(r.series) > 1 {
		size = 22
	}
	line := b.h / float64(len(r.series))
	for i, one := range r.series {
		value := one.Points[len(one.Points)-1].Value
		y := b.y + line*(float64(i)+0.5) + size*0.36
		if one.Name != "" && len(r.series) > 1 {
			s.text(b.x, y, 13, s.theme.faint, one.Name, "")
			s.text(b.x+b.w, y, size, s.theme.colorAt(r, value), format(value, field), `text-anchor="end" font-weight="600"`)
			continue
		}
		s.text(b.x+b.w/2, y, size, s.theme.colorAt(r, value), format(value, field), `text-anchor="middle" font-weight="600"`)
	}
}

// bars draws one horizontal bar a series, its name before it and its value after.
func (s *sheet) bars(r result, b box) {
	top, names := 0.0, 0.0
	for _, one := range r.series {
		top = math.Max(top, one.Points[0].Value)
		names = math.Max(names, long(one.Name, 12))
	}
	names = math.Min(names+10, b.w*0.55)
	line := math.Min(b.h/float64(len(r.series)), 30)
	thick := math.Min(line-5, 20)
	room := b.w - names - 46
	for i, one := range r.series {
		value := one.Points[0].Value
		y := b.y + line*float64(i)
		length := math.Max(room*value/top, 2)
		color := s.theme.colorOf(r, one.Name, 0)
		s.text(b.x+names-10, y+thick/2+4, 12, s.theme.text, fit(one.Name, 12, names-10), `text-anchor="end"`)
		s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s" fill-opacity="0.85"/>`+"\n", b.x+names, y, length, thick, color)
		s.text(b.x+names+length+6, y+thick/2+4, 12, color, format(value, r.FieldConfig.Defaults), `font-weight="600"`)
	}
}

// log draws the lines of a log with their times, cut to the panel's width.
func (s *sheet) log(r result, b box) {
	y := b.y + 12
	for _, one := range r.series {
		for _, line := range one.Lines {
			if y > b.y+b.h {
				return
			}
			const mono = `font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace"`
			at := line.Time.UTC().Format("15:04:05.000")
			s.text(b.x, y, 11.5, s.theme.faint, at, mono)
			rest := []rune(line.Text)
			per := int((b.w - 100) / 7.0)
			for len(rest) > 0 && y <= b.y+b.h {
				n := min(per, len(rest))
				s.text(b.x+100, y, 11.5, s.theme.text, string(rest[:n]), mono)
				rest, y = rest[n:], y+17
			}
			y += 5
		}
	}
}
