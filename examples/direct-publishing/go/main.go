// Publishes one event straight into the journal of a RevenProx, over NATS.
//
//	go run . -server nats://127.0.0.1:4222 -user publisher -password-file ./password \
//	    -instance default -topic orders/17 -event paid -key order-17-paid '{"total":12}'
//
// In a cluster the instance is <namespace>_<name>, and the password is the key "publisher" of the Secret <name>-nats-users.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// topicID is the first 16 bytes of SHA-256 of the topic's UTF-8 name, in lower-case hex.
func topicID(topic string) string {
	sum := sha256.Sum256([]byte(topic))
	return hex.EncodeToString(sum[:16])
}

type event struct {
	instance, topic, kind, key string
	data                       []byte
}

// publish stores the event and returns its sequence in the journal. Repeated under the same key it stores nothing twice.
func publish(connection *nats.Conn, e event) (uint64, error) {
	id := topicID(e.topic)
	message := nats.NewMsg("revenprox." + e.instance + ".in." + id)
	message.Data = e.data
	// Message ids count over all topics, so the topic is part of it.
	message.Header.Set("Nats-Msg-Id", id+":"+e.key)
	if e.kind != "" {
		message.Header.Set("Revenprox-Event", e.kind)
	}
	var last error
	for wait := 100 * time.Millisecond; wait < 10*time.Second; wait *= 2 {
		answer, err := connection.RequestMsg(message, 2*time.Second)
		if err == nil {
			var stored uint64
			if stored, err = sequence(answer.Data); err == nil {
				return stored, nil
			}
		}
		// Nobody leads the journal for the moment, or the answer was lost: the message id makes a repetition safe.
		if !errors.Is(err, nats.ErrNoResponders) && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, errPassing) {
			return 0, err
		}
		last = err
		time.Sleep(wait)
	}
	return 0, last
}

// errPassing is an answer after which the same publish may succeed.
var errPassing = errors.New("not stored yet")

// duplicateInProcess: an earlier attempt under the same message id is still being worked on.
const duplicateInProcess = 10158

func sequence(answer []byte) (uint64, error) {
	var ack struct {
		Seq   uint64
		Error *struct {
			Code        int
			ErrCode     int `json:"err_code"`
			Description string
		}
	}
	if err := json.Unmarshal(answer, &ack); err != nil {
		return 0, err
	}
	switch {
	case ack.Error == nil:
		return ack.Seq, nil
	case ack.Error.ErrCode == duplicateInProcess || ack.Error.Code == 503:
		return 0, fmt.Errorf("%w: %s", errPassing, ack.Error.Description)
	default:
		return 0, errors.New(ack.Error.Description)
	}
}

func main() {
	server := flag.String("server", nats.DefaultURL, "NATS server")
	user := flag.String("user", "", "NATS user; empty: none")
	passwordFile := flag.String("password-file", "", "file that holds its password")
	ca := flag.String("ca", "", "file with who may vouch for a tls:// server; empty: the public authorities")
	instance := flag.String("instance", "default", "instance of the RevenProx: [nats] instance")
	topic := flag.String("topic", "", "topic")
	kind := flag.String("event", "", "event type; empty: message")
	key := flag.String("key", "", "what makes the event the same one when it is published again")
	flag.Parse()
	if *topic == "" || *key == "" || flag.NArg() != 1 {
		log.Fatal("give -topic, -key and the data as the only argument")
	}
	options := []nats.Option{nats.CustomInboxPrefix("_INBOX_" + *instance + "_publisher")}
	if *user != "" {
		password, err := os.ReadFile(*passwordFile)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, nats.UserInfo(*user, strings.TrimSpace(string(password))))
	}
	if *ca != "" {
		options = append(options, nats.RootCAs(*ca))
	}
	connection, err := nats.Connect(*server, options...)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	stored, err := publish(connection, event{*instance, *topic, *kind, *key, []byte(flag.Arg(0))})
	if err != nil {
		log.Fatalf("not stored, as far as is known: %v", err)
	}
	fmt.Println(stored)
}
