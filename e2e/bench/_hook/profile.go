// Package main is laid over the collector's generated main package for a profiled build. Nothing of
// the collector changes: SIGUSR1 begins a CPU profile, SIGUSR2 ends it, in the file that
// BENCH_CPUPROFILE names.
package main

import (
	"log"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		var file *os.File
		for s := range signals {
			var err error
			if s == syscall.SIGUSR1 {
				if file, err = os.Create(os.Getenv("BENCH_CPUPROFILE")); err == nil {
					err = pprof.StartCPUProfile(file)
				}
			} else {
				pprof.StopCPUProfile()
				err = file.Close()
			}
			if err != nil {
				log.Fatal("profiling: ", err)
			}
		}
	}()
}
