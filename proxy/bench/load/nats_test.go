package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// fakeNats acknowledges each event of its one connection with what answer makes of the event's number.
func fakeNats(t *testing.T, answer func(number int) string) (target string, subjects chan string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	subjects = make(chan string, 100)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(connection, "INFO {}\r\nPING\r\n")
		lines := bufio.NewScanner(connection)
		for number := 0; lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) != 4 || fields[0] != "PUB" {
				continue
			}
			subjects <- fields[1]
			payload := answer(number)
			number++
			fmt.Fprintf(connection, "MSG %s 1 %d\r\n%s\r\n", fields[2], len(payload), payload)
		}
		close(subjects)
	}()
	return listener.Addr().String(), subjects
}

func publishToFake(target string) published {
	return publishAllToNats(publishCommand{
		Target: target, Path: "in.{topicId}", Rate: 200, Millis: 50, Lanes: 1, Topics: 2, Size: leastRecord, Step: 1, GraceMs: 10_000,
	})
}

func TestEventsAreAcknowledgedByNats(t *testing.T) {
	target, subjects := fakeNats(t, func(number int) string { return fmt.Sprintf(`{"stream":"S","seq":%d}`, number+1) })
	result := publishToFake(target)
	if result.Planned != 10 || result.Accepted != 10 || result.Failed != 0 || len(result.Answers) == 0 {
		t.Errorf("%+v", result)
	}
	// The first 16 bytes of SHA-256 of bench-0 and bench-1, by turns.
	want := []string{"in.0f72edb12639339fe2659b105b362adc", "in.ab29e27f94d7a6e97bec92c4e65a34c9"}
	for number := range 10 {
		if subject := <-subjects; subject != want[number%2] {
			t.Errorf("event %d went to %s", number, subject)
		}
	}
}

func TestWhatNatsRefusesHasFailed(t *testing.T) {
	target, _ := fakeNats(t, func(number int) string {
		if number == 3 {
			return `{"error":{"code":503,"description":"no room"}}`
		}
		return `{"stream":"S","seq":1}`
	})
	result := publishToFake(target)
	if result.Accepted != 9 || result.Failed != 1 || !strings.Contains(result.Fault, "no room") {
		t.Errorf("%+v", result)
	}
}

func TestANatsThatIsNotThereIsAFault(t *testing.T) {
	if result := publishToFake("127.0.0.1:1"); result.Accepted != 0 || result.Failed == 0 || result.Fault == "" {
		t.Errorf("%+v", result)
	}
}
