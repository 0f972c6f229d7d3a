package harness

import "syscall"

// Reload has the collector read its configuration again. Its receiver is closed for a moment.
func (c *Collector) Reload() error {
	return c.command.Process.Signal(syscall.SIGHUP)
}
