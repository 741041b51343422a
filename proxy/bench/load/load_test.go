package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	want := record{step: 7, lane: 49, topic: 9_999, seq: 123_456, plannedAtNanos: 1_795_000_000_123_456_789}
	for _, size := range []int{leastRecord, 57, 200} {
		text := appendRecord(nil, want, size)
		got, good := parseRecord(text)
		if len(text) != size || !good || got != want {
			t.Errorf("size %d: %d bytes, %v, %+v", size, len(text), good, got)
		}
	}
}

func TestAKnownRecordIsReadAsBefore(t *testing.T) {
	known := &knownRecords{}
	for range 2 {
		for seq := range uint32(10_000) {
			want := record{step: 1, lane: uint8(seq), topic: seq % 7, seq: seq, plannedAtNanos: int64(seq)}
			if got, good := known.parse(appendRecord(nil, want, 60)); !good || got != want {
				t.Fatalf("%+v became %+v, %v", want, got, good)
			}
		}
	}
}

func TestADamagedRecordIsNotTaken(t *testing.T) {
	whole := appendRecord(nil, record{seq: 12}, 200)
	known := &knownRecords{}
	for at := len(marker); at < len(whole); at++ {
		damaged := bytes.Clone(whole)
		damaged[at] = '!'
		_, good := parseRecord(damaged)
		if _, goodBeside := known.parse(whole); !goodBeside {
			t.Error("a whole one is not taken")
		}
		if _, goodAfter := known.parse(damaged); good || goodAfter {
			t.Errorf("byte %d may be damaged", at)
		}
	}
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

func TestRecordsAreFoundHoweverTheBytesAreCut(t *testing.T) {
	var frames string
	for seq := range uint32(5) {
		frames += "id: 1-" + fmt.Sprint(seq) + "\ndata: " + string(appendRecord(nil, record{seq: seq}, 60)) + "\n\n"
	}
	bodies := map[string]string{
		"plain":            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + frames,
		"one chunk":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(frames),
		"chunks in frames": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(frames[:33]) + chunk(frames[33:150]) + chunk(frames[150:]),
	}
	for name, body := range bodies {
		for piece := 1; piece <= len(body); piece += 1 + piece/7 {
			var parsed response
			var out []byte
			found := []uint32{}
			for rest := []byte(body); len(rest) > 0; {
				take := min(piece, len(rest))
				var err error
				out, err = parsed.feed(rest[:take], 60, out, func(text []byte) {
					r, good := parseRecord(text)
					if !good {
						t.Fatalf("%s, pieces of %d: damaged", name, piece)
					}
					found = append(found, r.seq)
				})
				if err != nil {
					t.Fatal(name, piece, err)
				}
				rest = rest[take:]
			}
			if fmt.Sprint(found) != "[0 1 2 3 4]" {
				t.Errorf("%s, pieces of %d: %v", name, piece, found)
			}
		}
	}
}

func TestWhatIsNoStreamIsAFault(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 503 Service Unavailable\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
		strings.Repeat("x", longestHead+1),
	} {
		var parsed response
		if _, err := parsed.feed([]byte(text), 60, nil, func([]byte) {}); err == nil {
			t.Errorf("%.70q was taken", text)
		}
	}
}

func TestTheReaderCountsLossDisorderAndStrays(t *testing.T) {
	r := &reader{options: openCommand{Size: 60}, present: &stream{topic: 3}}
	r.begin(2)
	for _, rec := range []record{
		{step: 2, lane: 1, topic: 3, seq: 0},
		{step: 2, lane: 0, topic: 3, seq: 0},
		{step: 2, lane: 1, topic: 3, seq: 1},
		{step: 2, lane: 1, topic: 3, seq: 3},
		{step: 2, lane: 1, topic: 3, seq: 2},
		{step: 2, lane: 1, topic: 4, seq: 3},
		{step: 1, lane: 1, topic: 3, seq: 9},
	} {
		r.found(appendRecord(nil, rec, 60))
	}
	if c := r.counts; c.Delivered != 5 || c.Disordered != 2 || c.Misrouted != 1 || c.Stale != 1 || c.Damaged != 0 {
		t.Errorf("%+v", c)
	}
}

func TestBucketsAreInOrderAndNeverOff(t *testing.T) {
	before := -1
	for micros := int64(0); micros < 1<<22; micros += 1 + micros/1000 {
		index := bucketOf(micros)
		if index < before || index > before+1 {
			t.Fatalf("%d µs: bucket %d after %d", micros, index, before)
		}
		before = index
	}
	if bucketOf(1<<62) != bucketsAll-1 || bucketOf(-5) != 0 {
		t.Error("values out of range")
	}
}

func TestNoTwoStreamsAreTheSameClient(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tokens := make(chan string, 16)
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		tokens <- request.Header.Get("Authorization")
		answer.Header().Set("Content-Type", "text/event-stream")
		answer.(http.Flusher).Flush()
		<-request.Context().Done()
	}))
	r, err := newReader()
	if err != nil {
		t.Fatal(err)
	}
	command := openCommand{
		Target: listener.Addr().String(), Path: "/{topic}", Headers: []string{"Authorization: Bearer {client}"},
		Count: 3, Topics: 1, Concurrency: 2, Source: "127.0.1", Size: 60, WithinMs: 10_000,
	}
	seen := map[string]bool{}
	for range 2 {
		if answer := r.open(command); answer.Opened != 3 {
			t.Fatal(answer.Fault)
		}
		for range 3 {
			token := <-tokens
			if seen[token] || !strings.HasPrefix(token, "Bearer 127.0.1-") {
				t.Errorf("%q is not a client of its own", token)
			}
			seen[token] = true
		}
		r.closeAll()
	}
}
