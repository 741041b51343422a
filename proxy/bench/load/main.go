// Load makes load on servers that send server-sent events, and checks every event that arrives.
// It reads commands from standard input, one JSON object a line, and answers each with one line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"
)

type command struct {
	Do      string          `json:"do"`
	Step    uint8           `json:"step"`
	Open    *openCommand    `json:"open"`
	Publish *publishCommand `json:"publish"`
}

func main() {
	role := "reader"
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	commands := make(chan command)
	go readCommands(commands)
	var err error
	if role == "publisher" {
		servePublisher(commands)
	} else {
		err = serveReader(commands)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readCommands(commands chan<- command) {
	defer close(commands)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		commands <- c
	}
}

func answer(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveReader(commands <-chan command) error {
	runtime.LockOSThread()
	r, err := newReader()
	if err != nil {
		return err
	}
	for {
		select {
		case c, open := <-commands:
			if !open {
				return nil
			}
			r.obey(c)
		default:
			time.Sleep(time.Duration(r.options.PauseMs) * time.Millisecond)
			r.wait(10)
		}
	}
}

func (r *reader) obey(c command) {
	switch c.Do {
	case "open":
		answer(r.open(*c.Open))
	case "begin":
		r.begin(c.Step)
		answer(struct{}{})
	case "count":
		total := r.counts
		total.Latency = r.latency.sparse()
		answer(total)
	case "close":
		r.closeAll()
		answer(struct{}{})
	default:
		answer(map[string]string{"fault": "unknown command " + c.Do})
	}
}

func servePublisher(commands <-chan command) {
	var lanes []*lane
	for c := range commands {
		switch c.Do {
		case "publish":
			if c.Publish.Protocol == "nats" {
				answer(publishAllToNats(*c.Publish))
				continue
			}
			for len(lanes) < c.Publish.Lanes {
				lanes = append(lanes, &lane{})
			}
			answer(publishAll(*c.Publish, lanes[:c.Publish.Lanes]))
		case "close":
			for _, l := range lanes {
				l.hangUp()
			}
			lanes = nil
			answer(struct{}{})
		default:
			answer(map[string]string{"fault": "unknown command " + c.Do})
		}
	}
}
