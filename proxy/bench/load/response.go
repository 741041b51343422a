package main

import (
	"bytes"
	"fmt"
)

// response takes the bytes of one HTTP response as they come, in pieces of any length, and finds the records in its body.
type response struct {
	// Bytes that are no whole head, chunk line or record yet.
	headRest []byte
	bodyRest []byte
	headDone bool
	chunked  bool
	// Bytes of the present chunk that are still to come; -1: its line is.
	chunkLeft int
	lineRest  []byte
	ended     bool
}

const longestHead = 32 << 10

var headEnd = []byte("\r\n\r\n")

// feed appends body bytes to out, after those that were left over, calls found for each whole record and returns out
// for its memory. Size is that of a record.
func (r *response) feed(piece []byte, size int, out []byte, found func(text []byte)) ([]byte, error) {
	if !r.headDone {
		var err error
		if piece, err = r.feedHead(piece); err != nil || !r.headDone {
			return out, err
		}
	}
	out = append(out[:0], r.bodyRest...)
	if r.chunked {
		var err error
		if out, err = r.feedChunks(piece, out); err != nil {
			return out, err
		}
	} else {
		out = append(out, piece...)
	}
	rest := out
	for {
		at := bytes.Index(rest, []byte(marker))
		if at < 0 {
			rest = rest[max(0, len(rest)-len(marker)+1):]
			break
		}
		if len(rest) < at+size {
			rest = rest[at:]
			break
		}
		found(rest[at : at+size])
		rest = rest[at+size:]
	}
	r.bodyRest = append(r.bodyRest[:0], rest...)
	return out, nil
}

func (r *response) feedHead(piece []byte) ([]byte, error) {
	r.headRest = append(r.headRest, piece...)
	at := bytes.Index(r.headRest, headEnd)
	if at < 0 {
		if len(r.headRest) > longestHead {
			return nil, fmt.Errorf("the head of the response does not end")
		}
		return nil, nil
	}
	head, body := r.headRest[:at], r.headRest[at+len(headEnd):]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return nil, fmt.Errorf("answered %.60q", r.headRest)
	}
	r.headDone = true
	r.chunked = bytes.Contains(bytes.ToLower(head), []byte("transfer-encoding: chunked"))
	r.chunkLeft = -1
	r.headRest = nil
	return body, nil
}

// feedChunks appends the content of chunks to out.
func (r *response) feedChunks(piece, out []byte) ([]byte, error) {
	for len(piece) > 0 && !r.ended {
		if r.chunkLeft > 0 {
			take := min(r.chunkLeft, len(piece))
			out = append(out, piece[:take]...)
			piece = piece[take:]
			r.chunkLeft -= take
			continue
		}
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			r.lineRest = append(r.lineRest, piece...)
			return out, nil
		}
		line := piece[:end]
		if len(r.lineRest) > 0 {
			r.lineRest = append(r.lineRest, line...)
			line = r.lineRest
		}
		piece = piece[end+1:]
		if err := r.chunkLine(bytes.TrimRight(line, "\r")); err != nil {
			return out, err
		}
		r.lineRest = r.lineRest[:0]
	}
	return out, nil
}

// chunkLine takes the line after a chunk's content, which is empty, or the one before it, which has its length.
func (r *response) chunkLine(line []byte) error {
	if r.chunkLeft == 0 {
		if len(line) != 0 {
			return fmt.Errorf("a chunk is longer than its length: %.40q", line)
		}
		r.chunkLeft = -1
		return nil
	}
	length, good := hex(bytes.TrimSpace(line))
	if !good || len(line) == 0 {
		return fmt.Errorf("%.40q is no length of a chunk", line)
	}
	r.chunkLeft = int(length)
	r.ended = length == 0
	return nil
}
