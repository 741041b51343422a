package main

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// A record is what is published: `RPXB`, step (2 hex digits), lane (2), topic (6), sequence (8), planned time in
// nanoseconds (16), filling, the sequence again (8) and `BXPR`. Nothing in it needs escaping in JSON, SSE or a form.
const (
	marker     = "RPXB"
	endMarker  = "BXPR"
	headLength = 4 + 2 + 2 + 6 + 8 + 16
	footLength = 8 + 4
	// LeastRecord is the shortest record in bytes.
	leastRecord = headLength + footLength
)

type record struct {
	step, lane     uint8
	topic, seq     uint32
	plannedAtNanos int64
}

func appendHex(to []byte, value uint64, digits int) []byte {
	const alphabet = "0123456789abcdef"
	for shift := (digits - 1) * 4; shift >= 0; shift -= 4 {
		to = append(to, alphabet[value>>shift&15])
	}
	return to
}

// appendRecord appends the record in exactly size bytes.
func appendRecord(to []byte, r record, size int) []byte {
	to = append(to, marker...)
	to = appendHex(to, uint64(r.step), 2)
	to = appendHex(to, uint64(r.lane), 2)
	to = appendHex(to, uint64(r.topic), 6)
	to = appendHex(to, uint64(r.seq), 8)
	to = appendHex(to, uint64(r.plannedAtNanos), 16)
	to = append(to, bytes.Repeat([]byte{'x'}, size-leastRecord)...)
	to = appendHex(to, uint64(r.seq), 8)
	return append(to, endMarker...)
}

var digitOf = func() (table [256]uint8) {
	for index := range table {
		table[index] = 0xff
	}
	for value := range 16 {
		table[strconv.FormatInt(int64(value), 16)[0]] = uint8(value)
	}
	return
}()

// hex reads digits; false where one is none.
func hex(text []byte) (value uint64, good bool) {
	wrong := uint8(0)
	for _, character := range text {
		digit := digitOf[character]
		wrong |= digit
		value = value<<4 | uint64(digit&15)
	}
	return value, wrong < 16
}

// parseRecord reads a whole record, which begins with its marker; false where a byte of it is damaged.
func parseRecord(text []byte) (r record, good bool) {
	rest := text[len(marker):]
	step, good1 := hex(rest[:2])
	lane, good2 := hex(rest[2:4])
	topic, good3 := hex(rest[4:10])
	seq, good4 := hex(rest[10:18])
	planned, good5 := hex(rest[18:34])
	foot := text[len(text)-footLength:]
	fill := text[headLength : len(text)-footLength]
	good = good1 && good2 && good3 && good4 && good5 && filled(fill) &&
		bytes.Equal(foot[:8], rest[10:18]) && string(foot[8:]) == endMarker
	return record{uint8(step), uint8(lane), uint32(topic), uint32(seq), int64(planned)}, good
}

const eightFills = 0x7878787878787878

func filled(fill []byte) bool {
	for len(fill) >= 8 {
		if binary.LittleEndian.Uint64(fill) != eightFills {
			return false
		}
		fill = fill[8:]
	}
	for _, character := range fill {
		if character != 'x' {
			return false
		}
	}
	return true
}
