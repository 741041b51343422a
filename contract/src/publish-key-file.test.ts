import { expect, test } from "vitest";
import { parseKeyFile } from "./publish-key-file.ts";

const secret = "0123456789abcdef";

test.each<[string, object]>([
  [secret, { secret, topics: undefined, expires: undefined }],
  [` ${secret}\n`, { secret, topics: undefined, expires: undefined }],
  [`secret = "${secret}"\ntopics = ["a*"]`, { secret, topics: ["a*"], expires: undefined }],
  [`{"secret": "${secret}", "expires": "1970-01-01T00:00:01Z"}`, { secret, topics: undefined, expires: 1_000 }],
])("%j is a key", (content, key) => {
  expect(parseKeyFile(content)).toEqual({ kind: "key", key });
});

test.each([
  ["\n", /^it is empty$/],
  ["0123456789", /^a key is at least 16 characters/],
  [`${secret} ${secret}`, /^a key is at least 16 characters/],
  // Neither can stand in an Authorization header.
  ["ключключключключ", /of ASCII/],
  [`\u0000${secret}`, /of ASCII/],
  [`{"secret": "ключключключключ"}`, /^secret is not a text/],
  [`{"secret": "short"}`, /^secret is not a text/],
  [`{"secret": "${secret}", "topics": [1]}`, /^topics is not a list/],
  [`{"secret": "${secret}", "expires": "tomorrow"}`, /^expires is not a time/],
  [`{"secret": "${secret}", "scope": "a"}`, /^it has other fields/],
])("%j is none, and the fault quotes nothing of it", (content, fault) => {
  const parsed = parseKeyFile(content);
  expect(parsed).toMatchObject({ kind: "fault", fault: expect.stringMatching(fault) });
  expect(JSON.stringify(parsed)).not.toMatch(/0123|ключ|tomorrow|scope/);
});
