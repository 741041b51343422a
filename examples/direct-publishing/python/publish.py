"""Publishes one event straight into the journal of a RevenProx, over NATS.

pip install nats-py
python publish.py --server nats://127.0.0.1:4222 --user publisher --password-file ./password \
    --instance default --topic orders/17 --event paid --key order-17-paid '{"total":12}'

In a cluster the instance is <namespace>_<name>, and the password is the key "publisher" of the Secret <name>-nats-users.
"""

import argparse
import asyncio
import hashlib
import json
import ssl

import nats
from nats.errors import NoRespondersError, TimeoutError

DUPLICATE_IN_PROCESS = 10158


def topic_id(topic: str) -> str:
    """The first 16 bytes of SHA-256 of the topic's UTF-8 name, in lower-case hex."""
    return hashlib.sha256(topic.encode()).hexdigest()[:32]


async def publish(connection, instance, topic, data, key, event=None):
    """Stores the event and returns its sequence. Repeated under the same key it stores nothing twice."""
    identifier = topic_id(topic)
    # Message ids count over all topics, so the topic is part of it.
    headers = {"Nats-Msg-Id": f"{identifier}:{key}"}
    if event:
        headers["Revenprox-Event"] = event
    last = None
    for attempt in range(7):
        try:
            answer = await connection.request(
                f"revenprox.{instance}.in.{identifier}", data.encode(), timeout=2, headers=headers
            )
        except (NoRespondersError, TimeoutError) as error:
            # Nobody leads the journal for the moment, or the answer was lost: the message id makes a repetition safe.
            last = error
        else:
            ack = json.loads(answer.data)
            error = ack.get("error")
            if error is None:
                return ack["seq"]
            if error.get("err_code") != DUPLICATE_IN_PROCESS and error.get("code") != 503:
                raise RuntimeError(error["description"])
            last = RuntimeError(error["description"])
        await asyncio.sleep(0.1 * 2**attempt)
    raise last


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="nats://127.0.0.1:4222")
    parser.add_argument("--user")
    parser.add_argument("--password-file")
    parser.add_argument("--ca", help="file with who may vouch for a tls:// server; default: the public authorities")
    parser.add_argument("--instance", default="default")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--event")
    parser.add_argument("--key", required=True)
    parser.add_argument("data")
    given = parser.parse_args()
    login = {}
    if given.user:
        with open(given.password_file, encoding="utf-8") as file:
            login = {"user": given.user, "password": file.read().strip()}
    if given.ca:
        login["tls"] = ssl.create_default_context(cafile=given.ca)
    connection = await nats.connect(
        given.server, inbox_prefix=f"_INBOX_{given.instance}_publisher".encode(), **login
    )
    try:
        print(await publish(connection, given.instance, given.topic, given.data, given.key, given.event))
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
