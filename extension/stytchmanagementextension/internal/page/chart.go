package page

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// chart is a small graph of the last hour, drawn as one path.
type chart struct {
	Kind   string // delivered, waiting or errors: its class
	Title  string
	Max    string // the value of the upper line
	Path   string
	Height float64
	Label  string // the same in words
}

// Sizes of the drawings, in the units of their viewBox. page.css names them too.
const (
	sparkWidth, sparkHeight = 92, 26
	chartWidth, chartHeight = 400, 48
	barHeight               = 14
)

// spark draws what was delivered.
func spark(minutes []minute, now time.Time) string {
	most := 0.0
	for _, m := range minutes {
		most = max(most, m.delivered)
	}
	return area(minutes, now, sparkWidth, sparkHeight, most, func(m minute) float64 { return m.delivered })
}

// charts draws what was delivered, what waited, and when delivery failed.
func charts(minutes []minute, now time.Time) []chart {
	var mostDelivered, latest float64
	var mostWaiting, waits int64
	failing := 0
	for _, m := range minutes {
		mostDelivered, latest = max(mostDelivered, m.delivered), m.delivered
		mostWaiting, waits = max(mostWaiting, m.waiting), m.waiting
		if m.failing {
			failing++
		}
	}
	topDelivered, topWaiting := niceTop(mostDelivered), niceTop(float64(mostWaiting))
	return []chart{
		{
			Kind: "delivered", Title: "Delivered a second", Max: topText(topDelivered), Height: chartHeight,
			Path:  area(minutes, now, chartWidth, chartHeight, topDelivered, func(m minute) float64 { return m.delivered }),
			Label: fmt.Sprintf("Delivered in the last hour: %s at most, %s in the last minute", rate(mostDelivered), rate(latest)),
		},
		{
			Kind: "waiting", Title: "Waiting", Max: topText(topWaiting), Height: chartHeight,
			Path:  area(minutes, now, chartWidth, chartHeight, topWaiting, func(m minute) float64 { return float64(m.waiting) }),
			Label: fmt.Sprintf("Waiting in the last hour: %s at most, %s now", plural(mostWaiting, "event"), number(waits)),
		},
		{
			Kind: "errors", Title: "Errors", Max: fmt.Sprintf("%d of %d min", failing, len(minutes)), Height: barHeight,
			Path:  bars(minutes, now),
			Label: fmt.Sprintf("The destination refused or did not answer in %d of the last %s", failing, plural(int64(len(minutes)), "minute")),
		},
	}
}

// area draws a line with its area, which leaves the drawing at the left, below and at
// the right, so that only the line shows its stroke.
func area(minutes []minute, now time.Time, width, height, most float64, value func(minute) float64) string {
	if len(minutes) == 0 {
		return fmt.Sprintf("M0 %gH%g", height-1, width)
	}
	y := func(m minute) float64 {
		if most <= 0 {
			return height - 1
		}
		return math.Round((height-1-(height-3)*value(m)/most)*10) / 10
	}
	var b strings.Builder
	if first := x(minutes[0].begin, now, width); first < width/30 { // about two minutes
		fmt.Fprintf(&b, "M-2 %gV%g", height+2, y(minutes[0]))
	} else { // before the start there was nothing
		fmt.Fprintf(&b, "M-2 %gV%gH%gV%g", height+2, height-1, first, y(minutes[0]))
	}
	for _, m := range minutes {
		fmt.Fprintf(&b, "L%g %g", x(m.end, now, width), y(m))
	}
	fmt.Fprintf(&b, "H%gV%g", width+2, height+2)
	return b.String()
}

// bars draws a bar for each minute with an error.
func bars(minutes []minute, now time.Time) string {
	var b strings.Builder
	for _, m := range minutes {
		if left, right := x(m.begin, now, chartWidth), x(m.end, now, chartWidth); m.failing {
			fmt.Fprintf(&b, "M%g 2H%gV%dH%gz", left+0.5, max(right-0.5, left+1), barHeight, left+0.5)
		}
	}
	return b.String()
}

// x is the place of a time in a drawing of the last hour.
func x(t, now time.Time, width float64) float64 {
	return math.Round(width * max(0, 1-now.Sub(t).Hours()))
}

// niceTop is the next of 1, 2, 5, 10, 20, 50, … that holds the value.
func niceTop(value float64) float64 {
	if value <= 0 {
		return 0
	}
	scale := math.Pow(10, math.Floor(math.Log10(value)))
	for _, step := range []float64{1, 2, 5} {
		if value <= step*scale {
			return step * scale
		}
	}
	return 10 * scale
}

func topText(top float64) string {
	if top > 0 && top < 1 {
		return fmt.Sprintf("%g", top)
	}
	return number(int64(top))
}
