// Command kafka is a Kafka broker for the tests: on a loopback port, with its log on disk, synced at
// each write, so that it may be killed and started again.
//
//	kafka PORT DIRECTORY TOPIC
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// partitions of the topic.
const partitions = 4

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("want PORT DIRECTORY TOPIC, got %q", arguments)
	}
	port, err := strconv.Atoi(arguments[0])
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	_, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(partitions, arguments[2]),
		kfake.DataDir(arguments[1]), kfake.SyncWrites(),
		kfake.GroupMinSessionTimeout(time.Second)) // so that a member which was killed is soon missed
	if err != nil {
		return err
	}
	select {} // until it is killed
}
