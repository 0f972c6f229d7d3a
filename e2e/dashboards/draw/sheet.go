package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/dashboards"
)

// Sizes in the picture's units, which are pixels at its own size.
const (
	width  = 1200
	margin = 12
	gap    = 8
	unit   = 30 // the height of one row of Grafana's grid
	header = 52
	font   = `-apple-system, 'Segoe UI', Inter, Roboto, 'DejaVu Sans', Helvetica, Arial, sans-serif`
)

// sheet is a picture that grows.
type sheet struct {
	strings.Builder
	theme theme
	span  dashboards.Span
}

// box is where a panel's content goes.
type box struct{ x, y, w, h float64 }

// draw draws a dashboard whole.
func (s *sheet) draw(title string, panels []result) {
	bottom := 0
	for _, r := range panels {
		bottom = max(bottom, r.GridPos.Y+r.GridPos.H)
	}
	height := header + bottom*unit + margin
	s.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="%s">`+"\n", width, height, width, height, font)
	s.printf(`<title>%s</title><rect width="100%%" height="100%%" fill="%s"/>`+"\n", escape(title), s.theme.page)
	s.text(margin+4, 34, 20, s.theme.text, title, `font-weight="600"`)
	layout := "2 Jan 15:04"
	s.text(width-margin-4, 33, 13, s.theme.faint, s.span.From.UTC().Format(layout)+" to "+s.span.To.UTC().Format(layout)+" UTC", `text-anchor="end"`)
	for _, r := range panels {
		s.panel(r)
	}
	s.printf("</svg>\n")
}

func (s *sheet) panel(r result) {
	column := float64(width-2*margin+gap) / 24
	b := box{
		margin + float64(r.GridPos.X)*column, header + float64(r.GridPos.Y)*unit,
		float64(r.GridPos.W)*column - gap, float64(r.GridPos.H)*unit - gap,
	}
	if r.Type == "row" {
		s.text(b.x+4, b.y+18, 14, s.theme.text, r.Title, `font-weight="600"`)
		return
	}
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" fill="%s" stroke="%s"/>`+"\n", b.x, b.y, b.w, b.h, s.theme.panel, s.theme.border)
	s.text(b.x+12, b.y+22, 13, s.theme.text, fit(r.Title, 13, b.w-20), `font-weight="500"`)
	inner := box{b.x + 12, b.y + 34, b.w - 24, b.h - 44}
	switch {
	case len(r.series) == 0:
		s.text(b.x+b.w/2, b.y+b.h/2+8, 14, s.theme.faint, "No data", `text-anchor="middle"`)
	case r.Type == "stat":
		s.stat(r, inner)
	case r.Type == "bargauge":
		s.bars(r, inner)
	case r.Type == "logs":
		s.log(r, inner)
	default:
		s.series(r, inner)
	}
}

func (s *sheet) printf(format string, values ...any) { fmt.Fprintf(s, format, values...) }

func (s *sheet) text(x, y, size float64, color, text, attributes string) {
	s.printf(`<text x="%.1f" y="%.1f" font-size="%g" fill="%s" %s>%s</text>`+"\n", x, y, size, color, attributes, escape(text))
}

// long is about how long a text is, in wide fonts: those who look have different ones.
func long(text string, size float64) (length float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijlft.,:;'|-() ", r):
			length += 0.4
		case unicode.IsUpper(r) || r == 'm' || r == 'w' || r == '_':
			length += 0.75
		default:
			length += 0.62
		}
	}
	return length * size
}

// fit cuts a text to a length.
func fit(text string, size, length float64) string {
	if long(text, size) <= length {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && long(string(runes)+"…", size) > length {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
