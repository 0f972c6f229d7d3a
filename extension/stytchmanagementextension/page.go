package stytchmanagementextension

import "net/http"

// routesPage adds the Stream Settings page, at /.
func (e *managementExtension) routesPage(*http.ServeMux) {}
