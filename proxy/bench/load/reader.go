package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stream is one connection of a subscriber.
type stream struct {
	fd       int
	topic    uint32
	ready    bool
	request  []byte
	response response
	// The next sequence that each lane is due to send; 0 lanes until something came in this step.
	next []uint32
	step uint8
	// When a stream that reads slowly may read again.
	slow bool
}

type openCommand struct {
	Target string `json:"target"`
	// {topic} and {client} are replaced; no two streams that this source ever opens are the same client.
	Path        string   `json:"path"`
	Headers     []string `json:"headers"`
	Count       int      `json:"count"`
	Topics      int      `json:"topics"`
	FirstTopic  int      `json:"firstTopic"`
	Concurrency int      `json:"concurrency"`
	// First three numbers of the source addresses; the last one counts up with each 4,000 connections.
	Source string `json:"source"`
	Size   int    `json:"size"`
	// Every so manieth stream reads SlowBytes a second; 0: none.
	SlowEvery int `json:"slowEvery"`
	SlowBytes int `json:"slowBytes"`
	// Milliseconds between two looks at the streams, so that one read takes more; latencies grow by as much. 0: none.
	PauseMs int `json:"pauseMs"`
	// Milliseconds after which those that are not open yet have failed.
	WithinMs int `json:"withinMs"`
}

type opened struct {
	Opened int     `json:"opened"`
	Failed int     `json:"failed"`
	Millis float64 `json:"millis"`
	Fault  string  `json:"fault"`
	// First connect to first byte of the body or head, of each.
	Waits [][2]uint64 `json:"waits"`
}

type counts struct {
	Delivered uint64 `json:"delivered"`
	// Of streams that read slowly; not in Delivered.
	SlowDelivered uint64      `json:"slowDelivered"`
	Stale         uint64      `json:"stale"`
	Disordered    uint64      `json:"disordered"`
	Damaged       uint64      `json:"damaged"`
	Misrouted     uint64      `json:"misrouted"`
	Closed        uint64      `json:"closed"`
	Bytes         uint64      `json:"bytes"`
	LastNanos     int64       `json:"lastNanos"`
	Fault         string      `json:"fault"`
	Latency       [][2]uint64 `json:"latency"`
}

const (
	perAddress = 4000
	readBytes  = 256 << 10
	// As many as a process may have streams: one look sees all that have something.
	eventsAtATime = 16 << 10
)

type reader struct {
	poll     int
	events   []syscall.EpollEvent
	streams  map[int32]*stream
	slow     []*stream
	options  openCommand
	began    map[int]time.Time
	clients  int
	waiting  int
	opened   opened
	waits    histogram
	step     uint8
	counts   counts
	latency  histogram
	buffer   []byte
	body     []byte
	nextSlow time.Time
	present  *stream
	known    knownRecords
	now      int64
}

func newReader() (*reader, error) {
	poll, err := syscall.EpollCreate1(0)
	if err != nil {
		return nil, err
	}
	return &reader{
		poll:    poll,
		events:  make([]syscall.EpollEvent, eventsAtATime),
		streams: map[int32]*stream{},
		buffer:  make([]byte, readBytes),
		began:   map[int]time.Time{},
	}, nil
}

func (r *reader) connect(number int) error {
	o := r.options
	host, port, _ := strings.Cut(o.Target, ":")
	portNumber, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	const bindAddressNoPort = 24
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, bindAddressNoPort, 1)
	topic := (o.FirstTopic + number) % o.Topics
	s := &stream{fd: fd, topic: uint32(topic), slow: o.SlowEvery > 0 && number%o.SlowEvery == 0}
	if s.slow {
		_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
	}
	source := addressOf(fmt.Sprintf("%s.%d", o.Source, 1+number/perAddress))
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: source}); err != nil {
		syscall.Close(fd)
		return fmt.Errorf("bind: %w", err)
	}
	r.clients++
	s.request = requestOf(o, topic, o.Source+"-"+strconv.Itoa(r.clients))
	r.began[fd] = time.Now()
	err = syscall.Connect(fd, &syscall.SockaddrInet4{Addr: addressOf(host), Port: portNumber})
	if err != nil && err != syscall.EINPROGRESS {
		syscall.Close(fd)
		return fmt.Errorf("connect: %w", err)
	}
	r.streams[int32(fd)] = s
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT, Fd: int32(fd)}
	return syscall.EpollCtl(r.poll, syscall.EPOLL_CTL_ADD, fd, &event)
}

func requestOf(o openCommand, topic int, client string) []byte {
	fill := strings.NewReplacer("{topic}", topicName(topic), "{client}", client)
	text := "GET " + fill.Replace(o.Path) + " HTTP/1.1\r\nHost: " + o.Target + "\r\nAccept: text/event-stream\r\n"
	for _, header := range o.Headers {
		text += fill.Replace(header) + "\r\n"
	}
	return []byte(text + "\r\n")
}

func topicName(index int) string { return "bench-" + strconv.Itoa(index) }

func addressOf(text string) (address [4]byte) {
	for index, part := range strings.SplitN(text, ".", 4) {
		number, _ := strconv.Atoi(part)
		address[index] = byte(number)
	}
	return
}

// open connects all streams, at most Concurrency of them on their way at a time.
func (r *reader) open(o openCommand) opened {
	r.options, r.opened, r.waits = o, opened{}, histogram{}
	start := time.Now()
	deadline := start.Add(time.Duration(o.WithinMs) * time.Millisecond)
	next := 0
	for (next < o.Count || r.waiting > 0) && time.Now().Before(deadline) {
		for next < o.Count && r.waiting < o.Concurrency {
			if err := r.connect(next); err != nil {
				r.opened.Failed++
				r.opened.Fault = err.Error()
			} else {
				r.waiting++
			}
			next++
		}
		r.wait(10)
	}
	r.opened.Failed += r.waiting
	r.waiting = 0
	r.opened.Millis = float64(time.Since(start).Microseconds()) / 1000
	r.opened.Waits = r.waits.sparse()
	return r.opened
}

func (r *reader) wait(millis int) {
	count, err := syscall.EpollWait(r.poll, r.events, millis)
	if err != nil {
		return
	}
	r.now = time.Now().UnixNano()
	for _, event := range r.events[:count] {
		if s := r.streams[event.Fd]; s != nil {
			r.handle(s, event.Events)
		}
	}
	r.readSlow()
}

func (r *reader) handle(s *stream, events uint32) {
	if s.request != nil && events&syscall.EPOLLOUT != 0 {
		if _, err := syscall.Write(s.fd, s.request); err != nil {
			r.drop(s, fmt.Sprintf("write: %v", err))
			return
		}
		s.request = nil
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(s.fd)}
		_ = syscall.EpollCtl(r.poll, syscall.EPOLL_CTL_MOD, s.fd, &event)
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		r.read(s, r.buffer)
	}
}

func (r *reader) read(s *stream, into []byte) {
	count, err := syscall.Read(s.fd, into)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if err != nil || count == 0 {
		r.drop(s, fmt.Sprintf("closed by the server: %v", err))
		return
	}
	r.counts.Bytes += uint64(count)
	r.present = s
	r.body, err = s.response.feed(into[:count], r.options.Size, r.body, r.found)
	if err != nil {
		r.drop(s, err.Error())
		return
	}
	if !s.ready && s.response.headDone {
		r.becameReady(s)
	}
}

func (r *reader) becameReady(s *stream) {
	s.ready = true
	r.waiting--
	r.opened.Opened++
	r.waits[bucketOf(time.Since(r.began[s.fd]).Microseconds())]++
	delete(r.began, s.fd)
	if s.slow {
		event := syscall.EpollEvent{Fd: int32(s.fd)}
		_ = syscall.EpollCtl(r.poll, syscall.EPOLL_CTL_MOD, s.fd, &event)
		r.slow = append(r.slow, s)
	}
}

// readSlow gives streams that read slowly a tenth of their bytes ten times a second.
func (r *reader) readSlow() {
	if len(r.slow) == 0 || time.Now().Before(r.nextSlow) {
		return
	}
	r.nextSlow = time.Now().Add(100 * time.Millisecond)
	for _, s := range append([]*stream(nil), r.slow...) {
		if r.streams[int32(s.fd)] == s {
			r.read(s, r.buffer[:max(1, r.options.SlowBytes/10)])
		}
	}
}

func (r *reader) drop(s *stream, fault string) {
	syscall.Close(s.fd)
	delete(r.streams, int32(s.fd))
	delete(r.began, s.fd)
	if !s.ready {
		r.waiting--
		r.opened.Failed++
		r.opened.Fault = fault
		return
	}
	if s.slow {
		return
	}
	r.counts.Closed++
	r.counts.Fault = fault
}

func (r *reader) found(text []byte) {
	rec, good := r.known.parse(text)
	s := r.present
	switch {
	case !good:
		r.counts.Damaged++
		return
	case rec.topic != s.topic:
		r.counts.Misrouted++
		return
	case rec.step != r.step:
		r.counts.Stale++
		return
	}
	if s.slow {
		r.counts.SlowDelivered++
		return
	}
	if s.step != rec.step {
		clear(s.next)
		s.step = rec.step
	}
	for int(rec.lane) >= len(s.next) {
		s.next = append(s.next, 0)
	}
	if s.next[rec.lane] != rec.seq {
		r.counts.Disordered++
	}
	s.next[rec.lane] = rec.seq + 1
	r.counts.Delivered++
	r.counts.LastNanos = r.now
	r.latency[bucketOf((r.now-rec.plannedAtNanos)/1000)]++
}

func (r *reader) begin(step uint8) {
	r.step, r.counts, r.latency = step, counts{}, histogram{}
}

func (r *reader) closeAll() {
	for _, s := range r.streams {
		syscall.Close(s.fd)
	}
	clear(r.streams)
	clear(r.began)
	r.slow = nil
	r.waiting = 0
}
