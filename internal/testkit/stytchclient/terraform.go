package stytchclient

import (
	"context"
	"fmt"
	"strings"
)

// Resource is a resource stytch_event_log_streaming of a Terraform configuration.
type Resource struct {
	Config  Config // datadog_config or grafana_loki_config
	Enabled bool   // enabled
}

// Terraform does what Terraform and its provider do for one resource. It is not safe for
// concurrent use.
type Terraform struct {
	client *Client
	state  *Resource // nil: the resource is not in Terraform's state
}

// NewTerraform returns a Terraform with an empty state.
func NewTerraform(o Options) *Terraform {
	return &Terraform{client: newClient("Terraform provider", o, goSDK(" terraform-provider-stytch/3.2.0", basic))}
}

// InState tells whether the resource is in Terraform's state.
func (t *Terraform) InState() bool { return t.state != nil }

// Apply does what `terraform apply` does with this configuration: it refreshes, then
// creates or updates. Where a creation fails, nothing is in the state, and the next Apply
// creates again.
func (t *Terraform) Apply(ctx context.Context, wanted Resource) error {
	if t.state == nil {
		return t.create(ctx, wanted)
	}
	changes, err := t.Plan(ctx, wanted)
	if err != nil || len(changes) == 0 {
		return err
	}
	stream, err := t.client.Update(ctx, wanted.Config)
	if err != nil {
		return err
	}
	switch {
	case wanted.Enabled && !t.state.Enabled:
		err = t.client.Enable(ctx)
	case !wanted.Enabled && t.state.Enabled:
		err = t.client.Disable(ctx)
	}
	if err != nil {
		return err
	}
	return t.keep(wanted, stream)
}

func (t *Terraform) create(ctx context.Context, wanted Resource) error {
	stream, err := t.client.Create(ctx, wanted.Config)
	if err != nil {
		return err
	}
	if wanted.Enabled {
		if err := t.client.Enable(ctx); err != nil {
			return err
		}
	}
	return t.keep(wanted, stream)
}

// keep takes an answer into the state, if it says what the plan said. `enabled` is taken
// from the plan.
func (t *Terraform) keep(wanted Resource, stream *Stream) error {
	after := Resource{*stream.Config, wanted.Enabled}
	if differences := differ(wanted, after); len(differences) > 0 {
		return fmt.Errorf("Provider produced inconsistent result after apply: %s", strings.Join(differences, ", "))
	}
	t.state = &after
	return nil
}

// Plan does what `terraform plan` does: it reads the stream into the state, and returns
// the names of what differs from the configuration. A stream that is gone is an error.
func (t *Terraform) Plan(ctx context.Context, wanted Resource) ([]string, error) {
	stream, err := t.client.Get(ctx)
	if err != nil {
		return nil, err
	}
	// The answer is masked: the secret is kept from the state.
	if d := stream.Config.Datadog; d != nil {
		d.APIKey, d.APIKeyLastFour = "", ""
		if t.state.Config.Datadog != nil {
			d.APIKey = t.state.Config.Datadog.APIKey
		}
	}
	if l := stream.Config.GrafanaLoki; l != nil {
		l.Password, l.PasswordLastFour = "", ""
		if t.state.Config.GrafanaLoki != nil {
			l.Password = t.state.Config.GrafanaLoki.Password
		}
	}
	t.state = &Resource{*stream.Config, stream.Status == "ACTIVE"}
	return differ(wanted, *t.state), nil
}

// Import does what `terraform import` does with project_slug.environment_slug.TYPE. The
// secret is not known afterwards, so that the next plan wants to set it.
func (t *Terraform) Import(ctx context.Context, id string) error {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return fmt.Errorf("Import ID must be in format 'project_slug.environment_slug.destination_type', got: %s", id)
	}
	t.client.Environment = Environment{parts[0], parts[1]}
	t.client.Destination = parts[2]
	t.state = &Resource{}
	if _, err := t.Plan(ctx, Resource{}); err != nil {
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

// differ returns the names of the attributes that differ between two resources.
func differ(a, b Resource) []string {
	var names []string
	note := func(name string, same bool) {
		if !same {
			names = append(names, name)
		}
	}
	note("enabled", a.Enabled == b.Enabled)
	if x, y := a.Config.Datadog, b.Config.Datadog; x == nil || y == nil {
		note("datadog_config", x == y)
	} else {
		note("datadog_config.api_key", x.APIKey == y.APIKey)
		note("datadog_config.site", x.Site == y.Site)
	}
	if x, y := a.Config.GrafanaLoki, b.Config.GrafanaLoki; x == nil || y == nil {
		note("grafana_loki_config", x == y)
	} else {
		note("grafana_loki_config.hostname", x.Hostname == y.Hostname)
		note("grafana_loki_config.username", x.Username == y.Username)
		note("grafana_loki_config.password", x.Password == y.Password)
	}
	return names
}
