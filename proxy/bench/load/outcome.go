package main

import "time"

// outcome is what came of the events that one lane published, or all of them.
type outcome struct {
	accepted  int
	failed    int
	fault     string
	histogram histogram
}

func (o *outcome) add(lane *outcome) {
	o.accepted += lane.accepted
	o.failed += lane.failed
	if lane.fault != "" {
		o.fault = lane.fault
	}
	for index, count := range lane.histogram {
		o.histogram[index] += count
	}
}

// published tells the outcome of all lanes; they began at start, and have ended.
func (o *outcome) published(planned int, start time.Time) published {
	return published{
		Planned:    planned,
		Accepted:   o.accepted,
		Failed:     o.failed,
		Fault:      o.fault,
		Millis:     float64(time.Since(start).Microseconds()) / 1000,
		StartNanos: start.UnixNano(),
		Answers:    o.histogram.sparse(),
	}
}
