/** A key of RevenProx's documentation that this proxy does not have. */
export interface ReplacedKey {
  /** As in its TOML file: `nng.pub_buffer_size`. */
  readonly name: string;
  /** What there is instead, as a sentence for a person. */
  readonly instead: string;
}

const inSection = (section: string, keys: Readonly<Record<string, string>>): readonly ReplacedKey[] =>
  Object.entries(keys).map(([key, instead]) => ({ name: `${section}.${key}`, instead }));

/** Every such key. A proxy that finds one refuses to start and says what replaces it. */
export const replacedKeys: readonly ReplacedKey[] = [
  ...inSection("nng", {
    listen_addresses: "proxies meet at NATS and listen to nobody: set nats.servers",
    peer_addresses: "proxies find each other over NATS: set nats.servers, and the same nats.instance on all of them",
    pub_buffer_size: "set journal.max_in_flight, the publishes that may wait for the journal",
    sub_buffer_size: "set http.max_message_queue_size, the events by which a stream may be behind",
    reconnect_interval_ms: "connections to NATS are tried again for ever, 250 to 1000 ms after each failure",
    heartbeat_interval_sec: "set distributed_state.gossip_interval_sec",
    message_batch_size: "set distributed_state.max_subscription_events; events are never held back for a batch",
    message_batch_timeout_ms:
      "changes of topics are gathered for a tenth of distributed_state.gossip_interval_sec, at most 500 ms; events are never held back for a batch",
  }),
  ...inSection("http", {
    connection_timeout_sec:
      "idle connections and slow request heads are given up after 10 s; for streams set http.slow_client_timeout_sec or http.max_connection_age_sec",
  }),
  ...inSection("distributed_state", {
    bloom_filter_capacity: "topics are counted exactly: set distributed_state.max_topics_per_peer",
    bloom_filter_fpr: "topics are counted exactly, so nothing is ever taken for what it is not",
    vector_clock_cleanup_interval_sec:
      "each proxy numbers its own changes, and what is known of it goes when it does: set distributed_state.peer_timeout_sec",
    merkle_tree_rebuild_threshold:
      "digests are kept up to date with each change, at the same cost for any number of topics, and never rebuilt",
  }),
];
