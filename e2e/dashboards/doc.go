// Package dashboards proves the dashboards and alert rules of the folder of that name: it fills a
// real Loki and a real Prometheus through the built collector and runs each query there. The program
// in draw makes the pictures of the documents from the same answers.
//
// The tests that need these servers have the tag e2e_loki: `make e2e-dashboards`.
package dashboards
