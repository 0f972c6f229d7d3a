// Package stytchclient speaks to a management API as Stytch's own clients do: the SDKs
// for Go, Node and Python, and the Terraform provider. Each sends the bytes that its
// original sends, and accepts only the answers that its original accepts.
//
// Written after stytch-management-go v3, stytch-management-node v1,
// stytch-management-python v1 and terraform-provider-stytch v3.
package stytchclient
