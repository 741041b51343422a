#!/bin/sh
# Publishes one event straight into the journal of a RevenProx, with the nats command line client.
#
#   NATS_URL=nats://127.0.0.1:4222 NATS_USER=publisher NATS_PASSWORD=... \
#     ./publish.sh default orders/17 order-17-paid '{"total":12}' [paid]
#
# Arguments: instance, topic, key, data, and optionally the event type.
# In a cluster the instance is <namespace>_<name>, and the password is the key "publisher" of the Secret <name>-nats-users.
set -eu
instance=$1 topic=$2 key=$3 data=$4 event=${5:-}

# The first 16 bytes of SHA-256 of the topic's UTF-8 name, in lower-case hex.
id=$(printf %s "$topic" | sha256sum | cut -c1-32)

# `request` waits for the acknowledgement of the journal; `pub` would not, and the event could be lost unseen.
# Message ids count over all topics, so the topic is part of it.
set -- request --inbox-prefix "_INBOX_${instance}_publisher" --timeout 5s -H "Nats-Msg-Id:$id:$key"
if [ -n "$event" ]; then set -- "$@" -H "Revenprox-Event:$event"; fi
exec nats "$@" "revenprox.$instance.in.$id" "$data"
