package stytchclient

import (
	"context"
	"fmt"
	"strings"
)

// Terraform is a resource stytch_event_log_streaming: what Terraform and its provider do
// to make the API equal to a configuration. It is not safe for concurrent use.
type Terraform struct {
	client *Client
	state  *Stream // nil: not in Terraform's state
}

// NewTerraform returns a resource that is not in Terraform's state.
func NewTerraform(o Options) *Terraform {
	return &Terraform{client: newClient("Terraform provider", o, goSDK(" terraform-provider-stytch/3.2.0", basic))}
}

// InState tells whether the resource is in Terraform's state.
func (t *Terraform) InState() bool { return t.state != nil }

// Apply does what `terraform apply` does with this configuration: it refreshes, creates or
// updates. Where an error is returned from a creation, nothing is in the state, and the
// next Apply creates again.
func (t *Terraform) Apply(ctx context.Context, wanted Config) error {
	if t.state == nil {
		return t.create(ctx, wanted)
	}
	changes, err := t.Plan(ctx, wanted)
	if err != nil || len(changes) == 0 {
		return err
	}
	stream, err := t.client.Update(ctx, wanted)
	if err != nil {
		return err
	}
	return t.keep(wanted, stream)
}

func (t *Terraform) create(ctx context.Context, wanted Config) error {
	stream, err := t.client.Create(ctx, wanted)
	if err != nil {
		return err
	}
	if err := t.client.Enable(ctx); err != nil {
		return err
	}
	stream.Status = "ACTIVE"
	return t.keep(wanted, stream)
}

// keep takes an answer into the state, if it says what the plan said.
func (t *Terraform) keep(wanted Config, stream *Stream) error {
	if differences := differ(wanted, *stream.Config); len(differences) > 0 {
		return fmt.Errorf("Provider produced inconsistent result after apply: %s", strings.Join(differences, ", "))
	}
	t.state = stream
	return nil
}

// Plan does what `terraform plan` does: it reads the stream, and returns the names of what
// differs from the configuration or from the state. A stream that is gone is an error.
func (t *Terraform) Plan(ctx context.Context, wanted Config) ([]string, error) {
	stream, err := t.client.Get(ctx)
	if err != nil {
		return nil, err
	}
	// The secret is kept from the state: the answer is masked.
	if d := stream.Config.Datadog; d != nil {
		d.APIKey, d.APIKeyLastFour = "", ""
		if t.state.Config != nil && t.state.Config.Datadog != nil {
			d.APIKey = t.state.Config.Datadog.APIKey
		}
	}
	if l := stream.Config.GrafanaLoki; l != nil {
		l.Password, l.PasswordLastFour = "", ""
		if t.state.Config != nil && t.state.Config.GrafanaLoki != nil {
			l.Password = t.state.Config.GrafanaLoki.Password
		}
	}
	changes := differ(wanted, *stream.Config)
	if t.state.Status != "" && t.state.Status != stream.Status {
		changes = append(changes, "streaming_status")
	}
	t.state = stream
	return changes, nil
}

// Import does what `terraform import` does with project_slug.environment_slug.TYPE. The
// secret is not known afterwards, so that the next plan wants to set it.
func (t *Terraform) Import(ctx context.Context, id string) error {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return fmt.Errorf("the id must be project_slug.environment_slug.destination_type, got %q", id)
	}
	t.client.Environment = Environment{parts[0], parts[1]}
	t.client.Destination = parts[2]
	t.state = &Stream{Destination: parts[2]}
	if _, err := t.Plan(ctx, Config{}); err != nil {
		t.state = nil
		return err
	}
	return nil
}

// Destroy does what `terraform destroy` does.
func (t *Terraform) Destroy(ctx context.Context) error {
	if err := t.client.Delete(ctx); err != nil {
		return err
	}
	t.state = nil
	return nil
}

// Forget does what `terraform state rm` does.
func (t *Terraform) Forget() { t.state = nil }

// Close closes idle connections.
func (t *Terraform) Close() { t.client.Close() }

// differ returns the names of what differs between two configurations.
func differ(a, b Config) []string {
	var names []string
	note := func(name string, same bool) {
		if !same {
			names = append(names, name)
		}
	}
	if (a.Datadog == nil) != (b.Datadog == nil) {
		return []string{"datadog_config"}
	}
	if (a.GrafanaLoki == nil) != (b.GrafanaLoki == nil) {
		return []string{"grafana_loki_config"}
	}
	if a.Datadog != nil {
		note("datadog_config.api_key", a.Datadog.APIKey == b.Datadog.APIKey)
		note("datadog_config.site", a.Datadog.Site == b.Datadog.Site)
	}
	if a.GrafanaLoki != nil {
		note("grafana_loki_config.hostname", a.GrafanaLoki.Hostname == b.GrafanaLoki.Hostname)
		note("grafana_loki_config.username", a.GrafanaLoki.Username == b.GrafanaLoki.Username)
		note("grafana_loki_config.password", a.GrafanaLoki.Password == b.GrafanaLoki.Password)
	}
	return names
}
