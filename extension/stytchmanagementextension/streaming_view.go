package stytchmanagementextension

import (
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// streamView is a stream with what has become of its events. Its secret is masked.
type streamView struct {
	ProjectID string `json:"project_id"`
	wireStream[maskedConfig]
	Environment *environmentView `json:"environment"` // null: `environments` does not name the project
	Served      bool             `json:"served"`      // by an exporter of this collector
	Delivery    deliveryView     `json:"delivery"`
}

type environmentView struct {
	ProjectSlug     string `json:"project_slug"`
	EnvironmentSlug string `json:"environment_slug"`
}

type deliveryView struct {
	Health        managed.Health   `json:"health"`
	Since         time.Time        `json:"since"`
	Received      int64            `json:"received"`
	Delivered     int64            `json:"delivered"`
	Waiting       int64            `json:"waiting"`
	Dropped       map[string]int64 `json:"dropped"` // by reason
	LastDelivery  *time.Time       `json:"last_delivery"`
	OldestWaiting *time.Time       `json:"oldest_waiting"`
	LastError     *failureView     `json:"last_error"` // null once delivery works
	NextAttempt   *time.Time       `json:"next_attempt"`
}

type failureView struct {
	At   time.Time `json:"at"`
	Code int       `json:"code"`
	Text string    `json:"text"`
}

func (e *managementExtension) viewStream(s *managed.Stream) streamView {
	return streamView{
		ProjectID: s.ProjectID, wireStream: masked(s), Environment: e.slugs[s.ProjectID],
		Served: e.exporter(s.Destination) != nil, Delivery: viewDelivery(s.Figures.Snapshot()),
	}
}

func viewDelivery(s managed.Snapshot) deliveryView {
	v := deliveryView{
		Health: s.Health, Since: s.Since.UTC(),
		Received: s.Received, Delivered: s.Delivered, Waiting: s.Waiting, Dropped: s.Dropped,
		LastDelivery: timeOrNull(s.LastDelivery), OldestWaiting: timeOrNull(s.Oldest), NextAttempt: timeOrNull(s.NextAttempt),
	}
	if f := s.LastError; f != nil {
		v.LastError = &failureView{f.At.UTC(), f.Code, f.Text}
	}
	return v
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
