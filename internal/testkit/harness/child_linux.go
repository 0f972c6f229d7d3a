package harness

import "syscall"

// child is how the collector belongs to this process. It is a process group of its own, so that a
// Ctrl-C in the terminal is for us and we stop it in our order. The kernel kills it when the thread
// that started it ends, so that it does not outlive us even where we are killed.
func child() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
