package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/dashboards"
)

// format writes a value with a unit of Grafana's.
func format(value float64, field dashboards.Field) string {
	digits := -1
	if field.Decimals != nil {
		digits = *field.Decimals
	}
	switch field.Unit {
	case "percentunit":
		return number(value*100, max(digits, 0)) + "%"
	case "s":
		switch {
		case value == 0:
			return "0 s"
		case value < 1:
			return number(value*1000, max(digits, 0)) + " ms"
		case value < 120:
			return number(value, digits) + " s"
		default:
			return number(value/60, max(digits, 0)) + " min"
		}
	case "bytes":
		return scaled(value, digits, 1024, []string{" B", " KiB", " MiB", " GiB"})
	case "Bps":
		return scaled(value, digits, 1000, []string{" B/s", " kB/s", " MB/s"})
	case "cps", "reqps":
		return scaled(value, digits, 1000, []string{"/s", " K/s", " M/s"})
	default:
		return scaled(value, digits, 1000, []string{"", " K", " M"})
	}
}

func scaled(value float64, digits int, base float64, units []string) string {
	i := 0
	for math.Abs(value) >= base && i < len(units)-1 {
		value /= base
		i++
	}
	return number(value, digits) + units[i]
}

// number has at most three digits that matter where digits is -1.
func number(value float64, digits int) string {
	if digits >= 0 {
		return fmt.Sprintf("%.*f", digits, value)
	}
	switch magnitude := math.Abs(value); {
	case magnitude >= 100 || value == math.Trunc(value):
		digits = 0
	case magnitude >= 10:
		digits = 1
	default:
		digits = 2
	}
	text := fmt.Sprintf("%.*f", digits, value)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// ticks are round values from 0 to just below or at top, about four of them.
func ticks(top float64, unit string) []float64 {
	if unit == "bytes" && top >= 1024 {
		values := ticks(top/1024, unit)
		for i := range values {
			values[i] *= 1024
		}
		return values
	}
	rough := top / 4
	step := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		if step*factor >= rough {
			step *= factor
			break
		}
	}
	var values []float64
	for v := 0.0; v <= top*1.0001; v += step {
		values = append(values, v)
	}
	return values
}

// hours are round times in a span, about six of them, and how they are written.
func hours(span dashboards.Span) (times []time.Time, layout string) {
	length, layout := span.To.Sub(span.From), "15:04"
	step := 4 * time.Hour
	for _, s := range []time.Duration{5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour} {
		if length/s <= 7 {
			step = s
			break
		}
	}
	if step < time.Minute {
		layout = "15:04:05"
	}
	for t := span.From.UTC().Truncate(step).Add(step); t.Before(span.To); t = t.Add(step) {
		times = append(times, t)
	}
	return times, layout
}
