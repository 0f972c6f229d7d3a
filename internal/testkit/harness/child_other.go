//go:build !linux

package harness

import "syscall"

// child is how the collector belongs to this process: see child_linux.go. Only Linux kills a child
// with its parent.
func child() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
