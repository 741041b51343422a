import { deepEqual } from "node:assert/strict";
import { type ConformanceCase, eventSources } from "../case.ts";
import { delivers, mustBeSilent, mustReceive, sendAll } from "../delivery.ts";
import { refusedPublish } from "../refused-publish.ts";

/** What stands in `event:`. */
export const eventTypeCases: readonly ConformanceCase[] = [
  delivers(
    {
      name: "named-event",
      demand: "An event with a type is dispatched under it",
      section: "interpretation",
      wpt: "format-field-event",
    },
    [{ data: "x", event: "tick" }],
  ),
  delivers(
    {
      name: "empty-type",
      demand: "An empty type means message",
      section: "interpretation",
      wpt: "format-field-event-empty",
    },
    [{ data: "x", event: "" }],
  ),
  delivers(
    {
      name: "type-message",
      demand: "The type message is the default one",
      section: "interpretation",
      wpt: "format-field-event",
    },
    [{ data: "x", event: "message" }],
  ),
  delivers(
    {
      name: "type-does-not-stay",
      demand: "A type holds for its own event alone",
      section: "interpretation",
      wpt: "format-field-event",
    },
    [{ data: "1", event: "tick" }, { data: "2" }, { data: "3", event: "tock" }, { data: "4" }],
  ),
  delivers(
    {
      name: "type-is-case-sensitive",
      demand: "Types that differ in case are different",
      section: "interpretation",
    },
    [
      { data: "1", event: "Tick" },
      { data: "2", event: "tick" },
      { data: "3", event: "MESSAGE" },
    ],
  ),
  delivers(
    {
      name: "type-of-any-characters",
      demand: "Spaces, colons, letters of any script and field names are good in a type",
      section: "interpretation",
      wpt: "format-field-event",
    },
    [" lead", "trail ", ":colon", "a: b", "data", "größe 🎉", "\ufeffbom", "x".repeat(256)].map((event) => ({
      data: "x",
      event,
    })),
  ),
  {
    name: "type-open-and-error",
    demand: "Events called open and error are messages and change no state",
    section: "interface",
    judges: eventSources,
    run: async (bench) => {
      const opened = await bench.openAll();
      const events = ["open", "error"].map((event) => ({ data: event, event }));
      await mustReceive(opened, events, await sendAll(bench, events));
      for (const { listener } of opened) deepEqual(await listener.changes(1), ["open"]);
    },
  },
  {
    name: "type-without-listener",
    demand: "An event that nobody listens for does not surface as message, and its id counts",
    section: "interpretation",
    wpt: "format-field-event",
    judges: eventSources,
    run: async (bench) => {
      const opened = await bench.openAll();
      await bench.send({ data: "unheard", event: "unheard" });
      await mustReceive(opened, [{ data: "heard" }], [await bench.send({ data: "heard" })]);
      await mustBeSilent(opened);
    },
  },
  refusedPublish(
    {
      name: "type-with-line-end",
      demand: "A type with CR, LF or NUL, which would break the frame, is refused",
      section: "authoring",
    },
    { status: 400, code: "event_invalid" },
    ["a\nb", "a\rb", "a\r\n\r\ndata: forged", "a\u0000b"].map((event) => ({ data: "x", event })),
  ),
  refusedPublish(
    {
      name: "type-of-the-proxy",
      demand: "Nobody can publish an event that looks like one of the proxy's own",
      section: "authoring",
    },
    { status: 422, code: "event_type_reserved" },
    [{ data: "x", event: "revenprox.gap" }],
  ),
];
