package stytchmanagementextension

import "net/http"

// routesStreaming adds what Stytch's API lacks, under /streaming/v1.
func (e *managementExtension) routesStreaming(*http.ServeMux) {}
