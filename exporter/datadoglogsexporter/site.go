package datadoglogsexporter

import (
	"errors"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

const defaultSite = "datadoghq.com"

// sites are Datadog's, by the short names that Stytch's settings and Datadog
// itself use, in lower case:
// https://docs.datadoghq.com/getting_started/site/#access-the-datadog-site.
var sites = map[string]string{
	"us": "datadoghq.com", "us1": "datadoghq.com",
	"us3": "us3.datadoghq.com",
	"us5": "us5.datadoghq.com",
	"eu":  "datadoghq.eu", "eu1": "datadoghq.eu",
	"ap1":     "ap1.datadoghq.com",
	"ap2":     "ap2.datadoghq.com",
	"uk1":     "uk1.datadoghq.com",
	"us1-fed": "ddog-gov.com",
	"us2-fed": "us2.ddog-gov.com",
}

// site returns the site's domain and whether it is one of Datadog's. One that
// is not known may be newer than this table and is used as it is written.
func (cfg *APIConfig) site() (domain string, known bool) {
	name := strings.ToLower(cfg.Site)
	if domain, ok := sites[name]; ok {
		return domain, true
	}
	for _, domain := range sites {
		if domain == name {
			return domain, true
		}
	}
	return cfg.Site, false
}

// Paths of the intake, and of the API that checks a key:
// https://docs.datadoghq.com/api/latest/logs/#send-logs,
// https://docs.datadoghq.com/api/latest/authentication/#validate-api-key.
const (
	intakePath   = "/api/v2/logs"
	validatePath = "/api/v1/validate"
)

// url is where payloads are posted to.
func (cfg *Config) url() (string, error) {
	if cfg.ClientConfig.Endpoint == "" {
		domain, _ := cfg.API.site()
		return "https://http-intake.logs." + domain + intakePath, nil
	}
	return httpsend.Endpoint(cfg.ClientConfig.Endpoint, intakePath)
}

// validateURL is where the key is checked, or "" where nobody may be asked: a
// key that goes to another intake is none of Datadog's business.
func (cfg *Config) validateURL() (string, error) {
	switch {
	case cfg.API.Endpoint != "":
		url, err := httpsend.Endpoint(cfg.API.Endpoint, validatePath)
		if err != nil {
			return "", errors.New("api::" + err.Error())
		}
		return url, nil
	case cfg.ClientConfig.Endpoint != "":
		return "", nil
	default:
		domain, _ := cfg.API.site()
		return "https://api." + domain + validatePath, nil
	}
}
