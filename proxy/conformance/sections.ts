/** Sections of the standards that cases come from; `address` is where the section stands. */
export const sections = {
  interface: {
    title: "HTML 9.2.2 The EventSource interface",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface",
  },
  processing: {
    title: "HTML 9.2.3 Processing model",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model",
  },
  lastEventId: {
    title: "HTML 9.2.4 The Last-Event-ID header",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header",
  },
  parsing: {
    title: "HTML 9.2.5 Parsing an event stream",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream",
  },
  interpretation: {
    title: "HTML 9.2.6 Interpreting an event stream",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation",
  },
  authoring: {
    title: "HTML 9.2.7 Authoring notes",
    address: "https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes",
  },
  cors: { title: "Fetch 3.3 CORS protocol", address: "https://fetch.spec.whatwg.org/#http-cors-protocol" },
  methods: { title: "RFC 9110 9.3 Methods", address: "https://www.rfc-editor.org/rfc/rfc9110#section-9.3" },
} as const;

export type Section = keyof typeof sections;
