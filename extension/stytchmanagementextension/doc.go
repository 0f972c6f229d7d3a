// Package stytchmanagementextension keeps the streams of many projects: which
// destination a project's events go to, with which credentials, and whether the stream
// is on. It serves Stytch's management API for event log streaming (PWA v3), so that
// Stytch's SDKs and Terraform provider work against it unchanged.
//
// A change is stored, then its table is published to processors and exporters, then it
// is answered. All changes go through control, whichever way they come.
package stytchmanagementextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
