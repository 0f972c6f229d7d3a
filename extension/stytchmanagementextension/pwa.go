package stytchmanagementextension

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// pwaBase is the path of Stytch's management API for event log streaming.
const pwaBase = "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/event_log_streaming" //nolint:gosec // a path, not a password

// routesPWA adds the six calls. None of them calls out: some clients wait for ever.
func (e *managementExtension) routesPWA(mux router) {
	const one = pwaBase + "/{destination_type}"
	mux.Handle("POST "+pwaBase, e.handle(e.createPWA))
	mux.Handle("GET "+one, e.handle(e.getPWA))
	mux.Handle("PUT "+one, e.handle(e.updatePWA))
	mux.Handle("POST "+one+"/enable", e.handle(e.enablePWA))
	mux.Handle("POST "+one+"/disable", e.handle(e.disablePWA))
	mux.Handle("DELETE "+one, e.handle(e.deletePWA))
}

// streamAnswer is the answer to create, get and update.
type streamAnswer[C unmaskedConfig | maskedConfig] struct {
	envelope
	Config wireStream[C] `json:"event_log_streaming_config"`
}

func (e *managementExtension) createPWA(c *call) (answer, error) {
	project, err := e.pwaProject(c)
	if err != nil {
		return nil, err
	}
	with, err := parseCreate(c.body)
	if err != nil {
		return nil, err
	}
	return changed(e.control.create(c.Context(), c.by, project, with))
}

func (e *managementExtension) getPWA(c *call) (answer, error) {
	project, d, err := e.pwaStream(c)
	if err != nil {
		return nil, err
	}
	s, err := e.control.stream(project, d)
	if err != nil {
		return nil, err
	}
	return &streamAnswer[maskedConfig]{Config: masked(s)}, nil
}

func (e *managementExtension) updatePWA(c *call) (answer, error) {
	project, d, err := e.pwaStream(c)
	if err != nil {
		return nil, err
	}
	with, err := parseUpdate(c.body, d)
	if err != nil {
		return nil, err
	}
	return changed(e.control.update(c.Context(), c.by, project, with))
}

func (e *managementExtension) enablePWA(c *call) (answer, error)  { return e.switchPWA(c, true) }
func (e *managementExtension) disablePWA(c *call) (answer, error) { return e.switchPWA(c, false) }

func (e *managementExtension) switchPWA(c *call, active bool) (answer, error) {
	project, d, err := e.pwaStream(c)
	if err != nil {
		return nil, err
	}
	_, err = e.control.setActive(c.Context(), c.by, project, d, active)
	return &envelope{}, err
}

func (e *managementExtension) deletePWA(c *call) (answer, error) {
	project, d, err := e.pwaStream(c)
	if err != nil {
		return nil, err
	}
	return &envelope{}, e.control.delete(c.Context(), c.by, project, d)
}

// changed is the answer to a create or an update.
func changed(s *managed.Stream, err error) (answer, error) {
	if err != nil {
		return nil, err
	}
	return &streamAnswer[unmaskedConfig]{Config: unmasked(s)}, nil
}

// pwaProject returns the project that the slugs of a path mean.
func (e *managementExtension) pwaProject(c *call) (string, error) {
	c.by.Through = "pwa"
	project, environment := c.PathValue("project_slug"), c.PathValue("environment_slug")
	id, found := e.projects[slugPair{project, environment}]
	if !found {
		return "", &refusal{
			status: http.StatusNotFound, kind: kindNoProject,
			message: fmt.Sprintf("The environment %q of the project %q is not in `environments` of the collector's configuration.", environment, project),
		}
	}
	return id, nil
}

// pwaStream returns the project and the destination of a path.
func (e *managementExtension) pwaStream(c *call) (string, managed.Destination, error) {
	project, err := e.pwaProject(c)
	d := managed.Destination(c.PathValue("destination_type"))
	if err == nil && !slices.Contains(managed.Destinations, d) {
		err = &refusal{
			status: http.StatusNotFound, kind: kindNoStream,
			message: fmt.Sprintf("There is no destination type %q: it is one of %s.", d, destinationNames()),
		}
	}
	return project, d, err
}
