package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every Linux that Go
// runs on.
const tick = time.Second / 100

// CPU is the time that the program has spent on a core so far, in user and kernel mode, without its
// children. It comes in steps of 10 ms.
func (p *Process) CPU() (time.Duration, error) { return cpu(p.command.Process.Pid) }

func cpu(pid int) (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in parentheses, which can hold anything.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	const utime, stime = 14 - 3, 15 - 3 // proc(5) counts from 1; fields begins at its third
	if len(fields) <= stime {
		return 0, fmt.Errorf("reading /proc/%d/stat: %d fields", pid, len(fields))
	}
	user, err := strconv.ParseInt(fields[utime], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[stime], 10, 64)
	return time.Duration(user+system) * tick, err
}

// ResetPeak makes Peak begin anew with what is resident now.
func (p *Process) ResetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte("5"), 0)
}

// Resident is the program's resident memory, in bytes.
func (p *Process) Resident() (int, error) { return status(p.command.Process.Pid, "VmRSS:") }

// Peak is the most memory that was resident since ResetPeak, in bytes.
func (p *Process) Peak() (int, error) { return status(p.command.Process.Pid, "VmHWM:") }

func status(pid int, name string) (int, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			kB, err := strconv.Atoi(strings.Fields(value)[0])
			return kB << 10, err
		}
	}
	return 0, fmt.Errorf("reading /proc/%d/status: no %s", pid, name)
}

// Descriptors is how many files and connections the program has open.
func (p *Process) Descriptors() (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.command.Process.Pid))
	return len(entries), err
}

// Goroutines ends the program, which must be Go's, and counts the goroutines it had.
func (p *Process) Goroutines() (int, error) {
	before := len(p.Output())
	if err := p.Signal(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	select {
	case <-p.done:
		return strings.Count(p.Output()[before:], "\ngoroutine "), nil
	case <-time.After(patience):
		return 0, errors.New("SIGQUIT did not end the program")
	}
}
