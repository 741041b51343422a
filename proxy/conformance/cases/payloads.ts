import type { ConformanceCase } from "../case.ts";
import { delivers } from "../delivery.ts";

const data = (text: string) => ({ data: text });
const kib64 = 65_536;

/** What stands in `data:`. */
export const payloadCases: readonly ConformanceCase[] = [
  delivers(
    {
      name: "payload-begins-with-bom",
      demand: "A byte order mark at the start of a payload is data and arrives",
      section: "parsing",
      wpt: "format-bom",
    },
    [data("\ufeffdata")],
  ),
  delivers(
    {
      name: "payload-has-several-boms",
      demand: "Byte order marks that follow each other or a line end all arrive",
      section: "parsing",
      wpt: "format-bom-2",
    },
    [data("\ufeff\ufeff1"), data("a\n\ufeffb\ufeff"), data("\ufeff")],
  ),
  delivers(
    {
      name: "line-feed",
      demand: "LF in a payload comes out as LF, and ends no event",
      section: "parsing",
      wpt: "format-newlines",
    },
    [data("one\ntwo\nthree")],
  ),
  delivers(
    {
      name: "carriage-return",
      demand: "CR in a payload ends a line to the standard: it comes out as LF",
      section: "parsing",
      wpt: "format-newlines",
    },
    [data("one\rtwo\rthree")],
  ),
  delivers(
    {
      name: "carriage-return-line-feed",
      demand: "CRLF in a payload comes out as one LF",
      section: "parsing",
      wpt: "format-newlines",
    },
    [data("one\r\ntwo\r\nthree")],
  ),
  delivers(
    {
      name: "mixed-line-ends",
      demand: "CR, LF and CRLF side by side each come out as one LF",
      section: "parsing",
      wpt: "format-newlines",
    },
    [data("a\r\r\nb\n\rc\r\n\r\n\nd\r\n\re")],
  ),
  delivers(
    {
      name: "trailing-line-end",
      demand: "Line ends at the end of a payload survive, though the parser takes one LF away",
      section: "interpretation",
      wpt: "event-data",
    },
    [data("text\n"), data("text\n\n"), data("text\r\n"), data("text\r")],
  ),
  delivers(
    {
      name: "leading-line-end",
      demand: "Line ends at the start of a payload survive",
      section: "interpretation",
      wpt: "event-data",
    },
    [data("\ntext"), data("\r\n\r\ntext"), data("\rtext")],
  ),
  delivers(
    {
      name: "line-ends-only",
      demand: "A payload of nothing but line ends arrives",
      section: "interpretation",
      wpt: "event-data",
    },
    [data("\n"), data("\n\n\n"), data("\r\n"), data("\r")],
  ),
  delivers(
    {
      name: "empty-data",
      demand: "An event with empty data is dispatched all the same",
      section: "interpretation",
      wpt: "event-data",
    },
    [data(""), { data: "", event: "named" }],
  ),
  delivers(
    {
      name: "blank-lines-inside",
      demand: "Blank lines inside a payload do not dispatch half of it",
      section: "interpretation",
      wpt: "format-data-before-final-empty-line",
    },
    [data("before\n\nafter\n\n\nend")],
  ),
  delivers(
    {
      name: "leading-space",
      demand: "The one space that the parser takes away is the proxy's, never the payload's",
      section: "interpretation",
      wpt: "format-leading-space",
    },
    [data(" one"), data("  two"), data(" "), data("\tTab"), data(" \n  \n x")],
  ),
  delivers(
    {
      name: "trailing-space",
      demand: "Spaces and tabs at the end of lines arrive",
      section: "interpretation",
      wpt: "format-field-parsing",
    },
    [data("text "), data("a \t\nb  ")],
  ),
  delivers(
    {
      name: "payload-like-a-comment",
      demand: "A payload line that begins with a colon is data, not a comment",
      section: "interpretation",
      wpt: "format-comments",
    },
    [data(":comment"), data(":\n:\n"), data(": x")],
  ),
  delivers(
    {
      name: "payload-like-fields",
      demand: "Lines of a payload that look like fields set nothing",
      section: "interpretation",
      wpt: "format-field-parsing",
    },
    [data("data: x\nid: 7\nevent: boo\nretry: 1\n\nid\ndata\n: end")],
  ),
  delivers(
    {
      name: "payload-is-a-field-name",
      demand: "A payload that is a field's name without a colon is data",
      section: "interpretation",
      wpt: "format-field-data",
    },
    [data("data"), data("id"), data("event"), data("retry"), data("data:")],
  ),
  delivers(
    {
      name: "payload-like-unknown-fields",
      demand: "Words before a colon are never taken for a field that is to be ignored",
      section: "interpretation",
      wpt: "format-field-unknown",
    },
    [data("test: x"), data("DATA: y"), data(" data: z")],
  ),
  delivers(
    {
      name: "null-character",
      demand: "U+0000 in a payload is data",
      section: "parsing",
      wpt: "format-null-character",
    },
    [data("\u0000"), data("a\u0000b\n\u0000")],
  ),
  delivers(
    {
      name: "utf-8",
      demand: "Text of every script arrives as UTF-8",
      section: "parsing",
      wpt: "format-utf-8",
    },
    [data("ok…"), data("Grüße, Καλημέρα, привет, שלום, नमस्ते, 你好"), data("e\u0301 \u200d\u200e\u202e")],
  ),
  delivers(
    {
      name: "astral-characters",
      demand: "Characters of four bytes arrive whole",
      section: "parsing",
      wpt: "format-utf-8",
    },
    [data("👩‍👩‍👧‍👦 🏳️‍🌈 𝔘𝔫𝔦"), data("\u{10ffff}\u{1f600}\n\u{1f600}")],
  ),
  delivers(
    {
      name: "noncharacters",
      demand: "Noncharacters and the replacement character arrive as they are",
      section: "parsing",
      wpt: "format-utf-8",
    },
    [data("\ufffe\uffff\ufffd\u{1fffe}\ufdd0")],
  ),
  delivers(
    {
      name: "other-line-separators",
      demand: "VT, FF, NEL, U+2028 and U+2029 end no line",
      section: "parsing",
      wpt: "format-newlines",
    },
    [data("a\u000bb\u000cc\u0085d\u2028e\u2029f\u001e")],
  ),
  delivers(
    {
      name: "control-characters",
      demand: "All other control characters are data",
      section: "parsing",
    },
    [data(Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("x")), data("\u007f\u0080\u009f")],
  ),
  delivers(
    {
      name: "json-and-markup",
      demand: "Quotes, backslashes and markup arrive without escapes",
      section: "interpretation",
    },
    [data('{"a":"\\u0041\\n","b":[1,null]}'), data("<b>&amp;</b> \\n \\\\ % %0A '\"")],
  ),
  delivers(
    {
      name: "one-long-line",
      demand: "One line of 64 KiB arrives whole",
      section: "parsing",
    },
    [data("abcdefgh".repeat(kib64 / 8))],
  ),
  delivers(
    {
      name: "many-short-lines",
      demand: "64 KiB of one-byte lines arrive with all their line ends",
      section: "parsing",
    },
    [data("\n".repeat(kib64)), data("a\r\n".repeat(kib64 / 4))],
  ),
  delivers(
    {
      name: "long-text-of-wide-characters",
      demand: "Characters of three and four bytes that fall on the edge of a write arrive whole",
      section: "parsing",
      wpt: "format-utf-8",
    },
    [data(`x${"😀".repeat(20_000)}`), data(`xy${"€".repeat(30_000)}`)],
  ),
  delivers(
    {
      name: "largest-event",
      demand: "An event of the largest size that the proxy takes arrives whole",
      section: "parsing",
    },
    [data("0123456789abcdef".repeat(262_144 / 16))],
  ),
];
