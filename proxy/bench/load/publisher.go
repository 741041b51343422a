package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type publishCommand struct {
	Target string `json:"target"`
	// "nats", with a subject as path; else HTTP.
	Protocol string   `json:"protocol"`
	Path     string   `json:"path"`
	Headers  []string `json:"headers"`
	// {topic} and {payload} are replaced, in the path too.
	Body    string  `json:"body"`
	Rate    float64 `json:"rate"`
	Millis  int     `json:"millis"`
	Lanes   int     `json:"lanes"`
	Topics  int     `json:"topics"`
	Size    int     `json:"size"`
	Step    uint8   `json:"step"`
	GraceMs int     `json:"graceMs"`
}

type published struct {
	Planned  int    `json:"planned"`
	Accepted int    `json:"accepted"`
	Failed   int    `json:"failed"`
	Fault    string `json:"fault"`
	// From the first planned time to the last answer.
	Millis     float64     `json:"millis"`
	StartNanos int64       `json:"startNanos"`
	Answers    [][2]uint64 `json:"answers"`
}

type lane struct {
	connection net.Conn
	answers    *bufio.Reader
	request    []byte
	payload    []byte
	outcome
}

// publishAll sends the planned events, each lane one after the other; an event that is late is sent at once, and its
// latency still counts from its planned time. What is not sent GraceMs after the last planned time is not sent at all.
func publishAll(c publishCommand, lanes []*lane) published {
	planned := int(c.Rate * float64(c.Millis) / 1000)
	start := time.Now().Add(20 * time.Millisecond)
	end := start.Add(time.Duration(c.Millis+c.GraceMs) * time.Millisecond)
	var all sync.WaitGroup
	for number, l := range lanes {
		*l = lane{connection: l.connection, answers: l.answers, request: l.request, payload: l.payload}
		all.Go(func() { l.run(c, number, planned, start, end) })
	}
	all.Wait()
	var total outcome
	for _, l := range lanes {
		total.add(&l.outcome)
	}
	return total.published(planned, start)
}

func (l *lane) run(c publishCommand, number, planned int, start, end time.Time) {
	interval := float64(time.Second) / c.Rate
	for k := number; k < planned; k += c.Lanes {
		at := start.Add(time.Duration(float64(k) * interval))
		if wait := time.Until(at); wait > 0 {
			pause(wait, c.Rate)
		} else if time.Now().After(end) {
			return
		}
		topic, sequence := k%c.Topics, k/c.Topics
		if c.Topics == 1 {
			sequence = k / c.Lanes
		}
		r := record{c.Step, uint8(number), uint32(topic), uint32(sequence), at.UnixNano()}
		if err := l.publish(c, r); err != nil {
			l.failed++
			l.fault = err.Error()
			l.hangUp()
			return
		}
		l.accepted++
		l.histogram[bucketOf(time.Since(at).Microseconds())]++
	}
}

// Above this many events each second some lane always runs, and timers are looked at in time.
const leisurely = 1000

// pause sleeps. Where nothing else runs, Go's timers are late by up to a millisecond, since epoll counts in those; the
// kernel's own sleep is not, but takes a thread, of which many fast lanes would need many.
func pause(wait time.Duration, rate float64) {
	const lateness = 2 * time.Millisecond
	if rate > leisurely {
		time.Sleep(wait)
		return
	}
	until := time.Now().Add(wait)
	time.Sleep(wait - lateness)
	// Again: signals of Go's scheduler end it early.
	for rest := time.Until(until); rest > 0; rest = time.Until(until) {
		left := syscall.NsecToTimespec(rest.Nanoseconds())
		_ = syscall.Nanosleep(&left, nil)
	}
}

func (l *lane) hangUp() {
	if l.connection != nil {
		l.connection.Close()
	}
	l.connection = nil
}

func (l *lane) publish(c publishCommand, r record) error {
	if l.connection == nil {
		connection, err := net.Dial("tcp", c.Target)
		if err != nil {
			return err
		}
		l.connection, l.answers = connection, bufio.NewReaderSize(connection, 4096)
	}
	l.payload = appendRecord(l.payload[:0], r, c.Size)
	l.write(c, topicName(int(r.topic)))
	_ = l.connection.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := l.connection.Write(l.request); err != nil {
		return err
	}
	return l.answer()
}

func (l *lane) write(c publishCommand, topic string) {
	path := strings.ReplaceAll(c.Path, "{topic}", topic)
	before, after, _ := strings.Cut(strings.ReplaceAll(c.Body, "{topic}", topic), "{payload}")
	q := append(l.request[:0], "POST "...)
	q = append(q, path...)
	q = append(q, " HTTP/1.1\r\nHost: "...)
	q = append(q, c.Target...)
	for _, header := range c.Headers {
		q = append(q, "\r\n"...)
		q = append(q, header...)
	}
	q = append(q, "\r\nContent-Length: "...)
	q = strconv.AppendInt(q, int64(len(before)+len(l.payload)+len(after)), 10)
	q = append(q, "\r\n\r\n"...)
	q = append(q, before...)
	q = append(q, l.payload...)
	l.request = append(q, after...)
}

// answer reads a whole response; its status must be 2xx.
func (l *lane) answer() error {
	status, err := l.answers.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("no answer to a publish: %w", err)
	}
	if len(status) < 12 || status[9] != '2' {
		return fmt.Errorf("a publish was answered %.60q", status)
	}
	length, chunked, closing := 0, false, false
	for {
		line, err := l.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(strings.ToLower(string(line)), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "content-length":
			length, _ = strconv.Atoi(value)
		case "transfer-encoding":
			chunked = value == "chunked"
		case "connection":
			closing = value == "close"
		}
	}
	if err := l.skip(length, chunked); err != nil {
		return err
	}
	if closing {
		l.hangUp()
	}
	return nil
}

func (l *lane) skip(length int, chunked bool) error {
	if !chunked {
		_, err := l.answers.Discard(length)
		return err
	}
	for {
		line, err := l.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, good := hex(bytes.TrimSpace(line))
		if !good {
			return fmt.Errorf("%.40q is no length of a chunk", line)
		}
		if _, err := l.answers.Discard(int(size) + 2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
