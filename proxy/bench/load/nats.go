package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A natsLane publishes on a connection to NATS and does not wait for one acknowledgement before it sends the next event.
type natsLane struct {
	connection net.Conn
	prefix     string
	gathered   []byte
	payload    []byte
	// Guards what follows: the acknowledgements come in a goroutine of their own.
	guard   sync.Mutex
	planned map[uint64]time.Time
	outcome
}

const (
	// More than JetStream works on at a time would wait in its queue, where they are lost when it is full.
	mostUnacknowledged = 2048
	gatheredBytes      = 32 << 10
)

// publishAllToNats is publishAll for a target that is a NATS server; the path is the subject.
func publishAllToNats(c publishCommand) published {
	planned := int(c.Rate * float64(c.Millis) / 1000)
	subjects := subjectsOf(c)
	start := time.Now().Add(20 * time.Millisecond)
	end := start.Add(time.Duration(c.Millis+c.GraceMs) * time.Millisecond)
	lanes := make([]*natsLane, c.Lanes)
	var all sync.WaitGroup
	for number := range lanes {
		l := &natsLane{planned: map[uint64]time.Time{}}
		lanes[number] = l
		all.Go(func() {
			if err := l.run(c, number, planned, subjects, start, end); err != nil {
				l.fail(err)
			}
		})
	}
	all.Wait()
	var total outcome
	for _, l := range lanes {
		l.guard.Lock()
		total.add(&l.outcome)
		l.guard.Unlock()
	}
	return total.published(planned, start)
}

// subjectsOf fills in {topicId}: the first 16 bytes of SHA-256 of the topic's name, in hexadecimal digits.
func subjectsOf(c publishCommand) []string {
	subjects := make([]string, c.Topics)
	for topic := range subjects {
		digest := sha256.Sum256([]byte(topicName(topic)))
		subjects[topic] = strings.ReplaceAll(c.Path, "{topicId}", fmt.Sprintf("%x", digest[:16]))
	}
	return subjects
}

func (l *natsLane) run(c publishCommand, number, planned int, subjects []string, start, end time.Time) error {
	if err := l.connect(c.Target, number); err != nil {
		return err
	}
	defer l.connection.Close()
	answered := make(chan error, 1)
	go func() { answered <- l.readAnswers() }()
	interval := float64(time.Second) / c.Rate
	for k := number; k < planned; k += c.Lanes {
		at := start.Add(time.Duration(float64(k) * interval))
		if wait := time.Until(at); wait > 0 {
			if err := l.flush(); err != nil {
				return err
			}
			time.Sleep(max(wait, 200*time.Microsecond))
		} else if time.Now().After(end) {
			break
		}
		if err := l.waitForRoom(end); err != nil {
			return err
		}
		topic := k % c.Topics
		r := record{c.Step, uint8(number), uint32(topic), uint32(k / c.Topics), at.UnixNano()}
		l.add(subjects[topic], uint64(k), at, appendRecord(l.payload[:0], r, c.Size))
		if len(l.gathered) >= gatheredBytes {
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
	if err := l.flush(); err != nil {
		return err
	}
	return l.settle(end, answered)
}

func (l *natsLane) connect(target string, number int) error {
	connection, err := net.Dial("tcp", target)
	if err != nil {
		return err
	}
	l.connection = connection
	l.prefix = fmt.Sprintf("_INBOX.load%d_%d.", time.Now().UnixNano(), number)
	_, err = fmt.Fprintf(connection, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB %s* 1\r\n", l.prefix)
	return err
}

func (l *natsLane) add(subject string, token uint64, at time.Time, payload []byte) {
	l.payload = payload
	q := append(l.gathered, "PUB "...)
	q = append(q, subject...)
	q = append(q, ' ')
	q = append(q, l.prefix...)
	q = strconv.AppendUint(q, token, 10)
	q = append(q, ' ')
	q = strconv.AppendInt(q, int64(len(payload)), 10)
	q = append(q, "\r\n"...)
	q = append(q, payload...)
	l.gathered = append(q, "\r\n"...)
	l.guard.Lock()
	l.planned[token] = at
	l.guard.Unlock()
}

func (l *natsLane) flush() error {
	if len(l.gathered) == 0 {
		return nil
	}
	_, err := l.connection.Write(l.gathered)
	l.gathered = l.gathered[:0]
	return err
}

func (l *natsLane) unacknowledged() int {
	l.guard.Lock()
	defer l.guard.Unlock()
	return len(l.planned)
}

func (l *natsLane) waitForRoom(end time.Time) error {
	for l.unacknowledged() >= mostUnacknowledged {
		if err := l.flush(); err != nil {
			return err
		}
		if time.Now().After(end.Add(5 * time.Second)) {
			return fmt.Errorf("NATS acknowledged nothing for seconds")
		}
		time.Sleep(200 * time.Microsecond)
	}
	return nil
}

// settle waits until everything is acknowledged.
func (l *natsLane) settle(end time.Time, answered <-chan error) error {
	for l.unacknowledged() > 0 {
		select {
		case err := <-answered:
			return err
		default:
		}
		if time.Now().After(end.Add(5 * time.Second)) {
			return fmt.Errorf("%d events were never acknowledged by NATS", l.unacknowledged())
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (l *natsLane) fail(err error) {
	l.guard.Lock()
	defer l.guard.Unlock()
	l.failed += max(1, len(l.planned))
	l.fault = err.Error()
}

func (l *natsLane) readAnswers() error {
	answers := bufio.NewReaderSize(l.connection, 64<<10)
	for {
		line, err := answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(line, []byte("MSG ")), bytes.HasPrefix(line, []byte("HMSG ")):
			if err := l.readMessage(line, answers); err != nil {
				return err
			}
		case bytes.HasPrefix(line, []byte("PING")):
			if _, err := l.connection.Write([]byte("PONG\r\n")); err != nil {
				return err
			}
		case bytes.HasPrefix(line, []byte("-ERR")):
			return fmt.Errorf("NATS: %.80q", line)
		}
	}
}

func (l *natsLane) readMessage(line []byte, answers *bufio.Reader) error {
	fields := strings.Fields(string(line))
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		return err
	}
	token, err := strconv.ParseUint(strings.TrimPrefix(fields[1], l.prefix), 10, 64)
	if err != nil {
		return err
	}
	payload, err := answers.Peek(size + len("\r\n"))
	if err != nil {
		return err
	}
	l.acknowledged(token, payload[:size])
	_, err = answers.Discard(len(payload))
	return err
}

func (l *natsLane) acknowledged(token uint64, payload []byte) {
	l.guard.Lock()
	defer l.guard.Unlock()
	at, known := l.planned[token]
	if !known {
		return
	}
	delete(l.planned, token)
	if !bytes.Contains(payload, []byte(`"seq":`)) {
		l.failed++
		l.fault = fmt.Sprintf("NATS answered %.80q", payload)
		return
	}
	l.accepted++
	l.histogram[bucketOf(time.Since(at).Microseconds())]++
}
