import { expect } from "vitest";
import type { EffectRow } from "../testing/effect-row.ts";
import { ask, withKeySet } from "../testing/verifier-effects.ts";

/** Tokens that the proxy verifies itself. */
export const jwtVerifierKeySetRows: readonly EffectRow[] = [
  {
    key: "jwt_verifier.jwks_url",
    name: "tokens signed by its keys come in, others do not",
    run: () =>
      withKeySet({}, async (proxy, issue) => {
        expect([await ask(proxy, "a", await issue({})), await ask(proxy, "a", "no.jwt.x")]).toEqual([200, 401]);
      }),
  },
  {
    key: "jwt_verifier.algorithms",
    name: "only these signatures are accepted",
    run: () =>
      withKeySet({ ALGORITHMS: "ES384" }, async (proxy, issue) => {
        expect([await ask(proxy, "a", await issue({}, "ES384")), await ask(proxy, "a", await issue({}))]).toEqual([
          200, 401,
        ]);
      }),
  },
  ...(
    [
      ["issuer", "iss"],
      ["audience", "aud"],
    ] as const
  ).map(([key, claim]) => ({
    key: `jwt_verifier.${key}`,
    name: `tokens with another ${claim} are refused`,
    run: () =>
      withKeySet({ [key.toUpperCase()]: "right" }, async (proxy, issue) => {
        const statuses = [
          await ask(proxy, "a", await issue({ [claim]: "right" })),
          await ask(proxy, "a", await issue({ [claim]: "x" })),
        ];
        expect([...statuses, await ask(proxy, "a", await issue({}))]).toEqual([200, 401, 401]);
      }),
  })),
  {
    key: "jwt_verifier.topics_claim",
    name: "a token reads only the topics in it",
    run: () =>
      withKeySet({ TOPICS_CLAIM: "t" }, async (proxy, issue) => {
        const token = await issue({ t: ["a", "b*"] });
        const statuses = await Promise.all(["a", "b1", "a1", "c"].map((topic) => ask(proxy, topic, token)));
        expect(statuses).toEqual([200, 200, 403, 403]);
      }),
  },
  {
    key: "jwt_verifier.publish_topics_claim",
    name: "a token publishes only to the topics in it, and to none without the key",
    run: async () => {
      await withKeySet({ PUBLISH_TOPICS_CLAIM: "p" }, async (proxy, issue) => {
        const token = await issue({ p: ["a"] });
        expect([await ask(proxy, "a", token, "POST"), await ask(proxy, "b", token, "POST")]).toEqual([202, 403]);
      });
      await withKeySet({}, async (proxy, issue) => {
        expect(await ask(proxy, "a", await issue({ p: ["a"] }), "POST")).toBe(403);
      });
    },
  },
];
