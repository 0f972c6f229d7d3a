package stytchmanagementextension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// streamingBase is the path of what Stytch's API lacks. openapi.yaml describes it.
const streamingBase = "/streaming/v1"

// routesStreaming adds the calls that name a project by its id.
func (e *managementExtension) routesStreaming(mux router) {
	const all = streamingBase + "/streams"
	const one = all + "/{project_id}/{destination_type}"
	mux.Handle("GET "+all, e.handle(e.listStreams))
	mux.Handle("POST "+all, e.handle(e.createStream))
	mux.Handle("GET "+one, e.handle(e.getStream))
	mux.Handle("PUT "+one, e.handle(e.updateStream))
	mux.Handle("DELETE "+one, e.handle(e.deleteStream))
	mux.Handle("POST "+one+"/enable", e.handle(e.enableStream))
	mux.Handle("POST "+one+"/disable", e.handle(e.disableStream))
	mux.Handle("POST "+one+"/check", e.handle(e.checkStream))
	mux.Handle("POST "+one+"/test", e.handle(e.testStream))
	mux.Handle("POST "+streamingBase+"/check", e.handle(e.checkCredentials))
	mux.Handle("GET "+streamingBase+"/unconfigured", e.handle(e.listUnconfigured))
	mux.Handle("GET "+streamingBase+"/audit", e.handle(e.listChanges))
	mux.Handle("GET "+streamingBase+"/table", http.HandlerFunc(e.serveTable))
	mux.Handle("GET "+streamingBase+"/openapi.yaml", http.HandlerFunc(serveDescription))
}

type streamsAnswer struct {
	envelope
	Streams []streamView `json:"streams"`
}

// listStreams answers every stream at once: a thousand take about 450 KB.
func (e *managementExtension) listStreams(*call) (answer, error) {
	table := e.Table()
	if table == nil {
		return nil, errNothingKnown
	}
	a := &streamsAnswer{Streams: make([]streamView, 0, table.Len())}
	for _, s := range table.Sorted() {
		a.Streams = append(a.Streams, e.viewStream(s))
	}
	return a, nil
}

type oneStreamAnswer struct {
	envelope
	Stream streamView `json:"stream"`
}

func (e *managementExtension) createStream(c *call) (answer, error) {
	c.by.Through = throughStreaming
	project, err := parseProject(c.body)
	if err != nil {
		return nil, err
	}
	with, err := parseCreate(c.body)
	if err != nil {
		return nil, err
	}
	return e.viewed(e.control.create(c.Context(), c.by, project, with))
}

func (e *managementExtension) getStream(c *call) (answer, error) {
	return e.viewed(e.streamOf(c))
}

func (e *managementExtension) updateStream(c *call) (answer, error) {
	project, d, err := streamNamed(c)
	if err != nil {
		return nil, err
	}
	with, err := parseUpdate(c.body, d)
	if err != nil {
		return nil, err
	}
	return e.viewed(e.control.update(c.Context(), c.by, project, with))
}

func (e *managementExtension) enableStream(c *call) (answer, error) {
	return e.switchStream(c, true)
}

func (e *managementExtension) disableStream(c *call) (answer, error) {
	return e.switchStream(c, false)
}

func (e *managementExtension) switchStream(c *call, active bool) (answer, error) {
	project, d, err := streamNamed(c)
	if err != nil {
		return nil, err
	}
	return e.viewed(e.control.setActive(c.Context(), c.by, project, d, active))
}

func (e *managementExtension) deleteStream(c *call) (answer, error) {
	project, d, err := streamNamed(c)
	if err != nil {
		return nil, err
	}
	return &envelope{}, e.control.delete(c.Context(), c.by, project, d)
}

// throughStreaming is the way of changes by these calls.
const throughStreaming = "streaming"

// streamNamed returns the project and the destination of a path.
func streamNamed(c *call) (string, managed.Destination, error) {
	c.by.Through = throughStreaming
	project, d := c.PathValue("project_id"), managed.Destination(c.PathValue("destination_type"))
	if !slices.Contains(managed.Destinations, d) {
		return "", "", &refusal{
			status: http.StatusNotFound, kind: kindNoStream,
			message: fmt.Sprintf("There is no destination type %q: it is one of %s.", d, destinationNames()),
		}
	}
	return project, d, nil
}

// streamOf returns the stream that a path names.
func (e *managementExtension) streamOf(c *call) (*managed.Stream, error) {
	project, d, err := streamNamed(c)
	if err != nil {
		return nil, err
	}
	return e.control.stream(project, d)
}

func (e *managementExtension) viewed(s *managed.Stream, err error) (answer, error) {
	if err != nil {
		return nil, err
	}
	return &oneStreamAnswer{Stream: e.viewStream(s)}, nil
}

// parseProject reads project_id of a create.
func parseProject(body []byte) (string, error) {
	all, err := parseBody(body)
	if err != nil {
		return "", err
	}
	var project string
	if isNull(all["project_id"]) || json.Unmarshal(all["project_id"], &project) != nil {
		return "", invalid(fieldError{"project_id", "is required, a string"})
	}
	return project, nil
}
