package main

import "math/bits"

// Buckets of latency in microseconds: exact below 64, then 32 for each doubling, so that a value is at most 3 % off.
const (
	exactBelow = 64
	perDouble  = 32
	bucketsAll = exactBelow + perDouble*34
)

type histogram [bucketsAll]uint64

func bucketOf(micros int64) int {
	if micros < 0 {
		micros = 0
	}
	if micros < exactBelow {
		return int(micros)
	}
	doubling := bits.Len64(uint64(micros)) - 7
	index := exactBelow + doubling*perDouble + int(uint64(micros)>>(doubling+1)) - perDouble
	return min(index, bucketsAll-1)
}

// sparse lists index and count of buckets that are not empty.
func (h *histogram) sparse() [][2]uint64 {
	filled := [][2]uint64{}
	for index, count := range h {
		if count > 0 {
			filled = append(filled, [2]uint64{uint64(index), count})
		}
	}
	return filled
}
