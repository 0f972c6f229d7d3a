package page

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageSize is the number of rows on a page: with it the page stays below 100 KB.
const pageSize = 50

// query is which rows the overview shows, in which order. It stands in the address.
type query struct {
	Text  string // a part of the project's name or id, or of where the stream leads
	State string // attention, a kind of state, or "" for all
	Sort  string // a key of columns; with "-" before it descending
	Page  int    // from 1
	Pages int
}

// columns are what rows can be sorted by.
var columns = map[string]func(a, b row) int{
	"project":     func(a, b row) int { return cmp.Compare(a.Name+"\x00"+a.Env, b.Name+"\x00"+b.Env) },
	"destination": func(a, b row) int { return cmp.Compare(a.Destination, b.Destination) },
	"state": func(a, b row) int {
		return cmp.Compare(slices.Index(kinds, a.State.Kind), slices.Index(kinds, b.State.Kind))
	},
	"last":      func(a, b row) int { return a.Figures.LastDelivery.Compare(b.Figures.LastDelivery) },
	"delivered": func(a, b row) int { return cmp.Compare(a.Figures.Delivered, b.Figures.Delivered) },
	"waiting":   func(a, b row) int { return cmp.Compare(a.Figures.Waiting, b.Figures.Waiting) },
	"dropped":   func(a, b row) int { return cmp.Compare(a.Dropped, b.Dropped) },
}

func parseQuery(v url.Values) query {
	q := query{Text: clip(strings.TrimSpace(v.Get("q")), 100), State: v.Get("state"), Sort: v.Get("sort")}
	if columns[strings.TrimPrefix(q.Sort, "-")] == nil {
		q.Sort = "project"
	}
	if q.State != "attention" && !slices.Contains(kinds, q.State) {
		q.State = ""
	}
	q.Page, _ = strconv.Atoi(v.Get("page"))
	return q
}

// With returns the address with another sorting, state or page. It keeps the rest.
func (q query) With(name, value string) string {
	v := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			v.Set(name, value)
		}
	}
	set("q", q.Text, "")
	set("state", q.State, "")
	set("sort", q.Sort, "project")
	if name == "page" {
		set("page", value, "1")
	} else if name != "" {
		v.Set(name, value)
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

// Here is the address of this page.
func (q query) Here() string { return q.With("page", strconv.Itoa(q.Page)) }

// SortBy is the address that sorts by a column, and the other way round where it is the
// present one.
func (q query) SortBy(column string) string {
	if q.Sort == column {
		column = "-" + column
	}
	return q.With("sort", column)
}

// Order is the value of aria-sort of a column, or "".
func (q query) Order(column string) string {
	return map[string]string{column: "ascending", "-" + column: "descending"}[q.Sort]
}

// Next and Previous are the addresses beside this page, or "".
func (q query) Next() string {
	if q.Page >= q.Pages {
		return ""
	}
	return q.With("page", strconv.Itoa(q.Page+1))
}

// Previous is the page before.
func (q query) Previous() string {
	if q.Page <= 1 {
		return ""
	}
	return q.With("page", strconv.Itoa(q.Page-1))
}

func (q query) filter(rows []row) []row {
	text := strings.ToLower(q.Text)
	return slices.DeleteFunc(rows, func(r row) bool {
		if q.State == "attention" && r.trouble == nil || q.State != "attention" && q.State != "" && r.State.Kind != q.State {
			return true
		}
		return !strings.Contains(strings.ToLower(r.Name+" "+r.Env+" "+r.ProjectID+" "+r.Where), text)
	})
}

func (q query) sort(rows []row) {
	column, descending := strings.CutPrefix(q.Sort, "-")
	slices.SortFunc(rows, func(a, b row) int {
		order := columns[column](a, b)
		if descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.Name+"\x00"+a.Env, b.Name+"\x00"+b.Env), cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Destination, b.Destination))
	})
}

// page returns the rows of a page, and the query with a page that exists.
func (q query) page(rows []row) ([]row, query) {
	q.Pages = max(1, (len(rows)+pageSize-1)/pageSize)
	q.Page = min(max(q.Page, 1), q.Pages)
	return rows[(q.Page-1)*pageSize : min(q.Page*pageSize, len(rows))], q
}
