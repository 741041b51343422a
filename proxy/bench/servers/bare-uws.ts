// The ceiling: the least that a fan-out on uWebSockets.js can do. Argument: milliseconds that events are gathered for; 0: a loop turn.
import { App, type HttpResponse, us_socket_local_port } from "uWebSockets.js";

/** Largest write that this version of the library carries through its cork buffer. */
const safeBytes = 15_900;
const batchMs = Number(process.argv[2] ?? 0);

interface Topic {
  readonly streams: HttpResponse[];
  waiting: Buffer[];
}

const topics = new Map<string, Topic>();
const due = new Set<Topic>();
let scheduled = false;
let sequence = 0;

const topicOf = (name: string): Topic => {
  const known = topics.get(name);
  if (known !== undefined) return known;
  const topic: Topic = { streams: [], waiting: [] };
  topics.set(name, topic);
  return topic;
};

const fanOut = (): void => {
  scheduled = false;
  for (const topic of due) {
    const bytes = topic.waiting.length === 1 && topic.waiting[0] ? topic.waiting[0] : Buffer.concat(topic.waiting);
    topic.waiting = [];
    for (let from = 0; from < bytes.length; from += safeBytes) {
      const piece = bytes.subarray(from, from + safeBytes);
      for (const stream of topic.streams) stream.cork(() => stream.write(piece));
    }
  }
  due.clear();
};

const publish = (topic: Topic, data: Buffer): string => {
  sequence += 1;
  const id = `1700000000000-${sequence}`;
  topic.waiting.push(Buffer.concat([Buffer.from(`id: ${id}\ndata: `), data, Buffer.from("\n\n")]));
  due.add(topic);
  if (!scheduled) {
    scheduled = true;
    if (batchMs > 0) setTimeout(fanOut, batchMs);
    else setImmediate(fanOut);
  }
  return id;
};

App()
  .get("/events/*", (response, request) => {
    const { streams } = topicOf(request.getUrl());
    response.onAborted(() => {
      const last = streams.pop();
      const at = streams.indexOf(response);
      if (at >= 0 && last !== undefined) streams[at] = last;
    });
    response.writeHeader("Content-Type", "text/event-stream").writeHeader("Cache-Control", "no-cache");
    response.write("retry: 2000\n\n");
    streams.push(response);
  })
  .post("/events/*", (response, request) => {
    const topic = topicOf(request.getUrl());
    const parts: Buffer[] = [];
    response.onAborted(() => parts.splice(0));
    response.onData((part, isLast) => {
      parts.push(Buffer.from(part.slice(0)));
      if (!isLast) return;
      const id = publish(topic, Buffer.concat(parts));
      response.cork(() => {
        response.writeStatus("202 Accepted").writeHeader("Content-Type", "application/json").end(`{"id":"${id}"}`);
      });
    });
  })
  .listen("127.0.0.1", 0, (socket) => {
    if (socket !== false) console.log(`listening on ${us_socket_local_port(socket)}`);
  });
