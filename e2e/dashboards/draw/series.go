package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/dashboards"
)

// plot is where points go.
type plot struct {
	box
	span dashboards.Span
	top  float64
}

func (p plot) at(t time.Time) float64 {
	return p.x + p.w*float64(t.Sub(p.span.From))/float64(p.span.To.Sub(p.span.From))
}

func (p plot) level(value float64) float64 { return p.y + p.h*(1-value/p.top) }

// series draws a time series panel: lines or bars, stacked or not, with axes and a legend.
func (s *sheet) series(r result, b box) {
	field := r.FieldConfig.Defaults
	stacked := field.Custom.Stacking.Mode == "normal"
	sums := map[int64]float64{} // by time, of what is drawn so far
	top := 0.0
	for _, one := range r.series {
		for _, point := range one.Points {
			value := point.Value
			if stacked {
				sums[point.Time.UnixMilli()] += value
				value = sums[point.Time.UnixMilli()]
			}
			if !math.IsNaN(value) {
				top = math.Max(top, value)
			}
		}
	}
	if top == 0 {
		top = 1
	}
	legend := s.legend(r, box{b.x, b.y + b.h, b.w, 0})
	p := plot{box{b.x + 56, b.y + 4, b.w - 60, b.h - 26 - legend}, s.span, top * 1.06}
	s.axes(p, field)
	clear(sums)
	for i, one := range r.series {
		color := s.theme.colorOf(r, one.Name, i)
		if field.Custom.DrawStyle == "bars" {
			s.columns(p, one, sums, color)
		} else {
			s.line(p, one, sums, stacked, color, float64(field.Custom.FillOpacity)/100)
		}
	}
}

func (s *sheet) axes(p plot, field dashboards.Field) {
	field.Decimals = nil
	for _, value := range ticks(p.top, field.Unit) {
		y := p.level(value)
		s.printf(`<path d="M%.1f %.1fh%.1f" stroke="%s"/>`+"\n", p.x, y, p.w, s.theme.gridded)
		s.text(p.x-8, y+4, 11, s.theme.faint, format(value, field), `text-anchor="end"`)
	}
	times, layout := hours(p.span)
	last := p.x - 60.0
	for _, t := range times {
		if x := p.at(t); x > p.x+16 && x < p.x+p.w-16 && x-last >= 76 {
			last = x
			s.text(x, p.y+p.h+17, 11, s.theme.faint, t.Format(layout), `text-anchor="middle"`)
		}
	}
}

func (s *sheet) columns(p plot, one dashboards.Series, sums map[int64]float64, color string) {
	var path strings.Builder
	thick := math.Max(p.w*float64(p.span.Step)/float64(p.span.To.Sub(p.span.From))*0.82, 1)
	for _, point := range one.Points {
		base := sums[point.Time.UnixMilli()]
		sums[point.Time.UnixMilli()] = base + point.Value
		y := p.level(base + point.Value)
		x := math.Max(p.at(point.Time)-thick, p.x) // it counts what was before it
		fmt.Fprintf(&path, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, y, thick, p.level(base)-y, thick)
	}
	s.printf(`<path d="%s" fill="%s" fill-opacity="0.88"/>`+"\n", path.String(), color)
}

// line draws a line with what is below it filled; with stacked, what is between it and the last.
func (s *sheet) line(p plot, one dashboards.Series, sums map[int64]float64, stacked bool, color string, fill float64) {
	var edge, floor strings.Builder
	var last time.Time
	flush := func() {
		if edge.Len() == 0 {
			return
		}
		s.printf(`<path d="M%sL%sz" fill="%s" fill-opacity="%.2f"/>`+"\n", strings.TrimPrefix(edge.String(), "L"), strings.TrimPrefix(floor.String(), "L"), color, fill)
		s.printf(`<path d="M%s" fill="none" stroke="%s" stroke-width="1.8" stroke-linejoin="round" stroke-linecap="round"/>`+"\n", strings.TrimPrefix(edge.String(), "L"), color)
		edge.Reset()
		floor.Reset()
	}
	for _, point := range one.Points {
		if math.IsNaN(point.Value) {
			continue
		}
		if point.Time.Sub(last) > 3*p.span.Step {
			flush() // a gap
		}
		last = point.Time
		base := 0.0
		if stacked {
			base = sums[point.Time.UnixMilli()]
			sums[point.Time.UnixMilli()] = base + point.Value
		}
		x := p.at(point.Time)
		fmt.Fprintf(&edge, "L%.1f %.1f", x, p.level(base+point.Value))
		below := floor.String()
		floor.Reset()
		fmt.Fprintf(&floor, "L%.1f %.1f%s", x, p.level(base), below)
	}
	flush()
}

// legend names the series in two or three lines that end at the box's top, and returns their height.
func (s *sheet) legend(r result, b box) float64 {
	const size, lineHeight = 11.5, 18.0
	most := 2
	if r.GridPos.H >= 8 {
		most = 3
	}
	type entry struct {
		x     float64
		line  int
		name  string
		color string
	}
	var entries []entry
	x, line := 0.0, 0
	for i, one := range r.series {
		name := fit(one.Name, size, b.w-30)
		if step := long(name, size) + 34; x > 0 && x+step-12 > b.w {
			x, line = 0, line+1
		}
		if line == most {
			break
		}
		entries = append(entries, entry{x, line, name, s.theme.colorOf(r, one.Name, i)})
		x += long(name, size) + 34
	}
	lines := float64(min(line+1, most))
	for _, e := range entries {
		y := b.y - (lines-float64(e.line)-1)*lineHeight
		s.printf(`<rect x="%.1f" y="%.1f" width="12" height="4" rx="2" fill="%s"/>`+"\n", b.x+e.x, y-5, e.color)
		s.text(b.x+e.x+18, y, size, s.theme.text, e.name, "")
	}
	return lines * lineHeight
}
