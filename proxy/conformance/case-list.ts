import type { ConformanceCase } from "./case.ts";
import { corsCases } from "./cases/cors.ts";
import { endingCases } from "./cases/endings.ts";
import { eventIdCases } from "./cases/event-ids.ts";
import { eventTypeCases } from "./cases/event-types.ts";
import { gapCases } from "./cases/gaps.ts";
import { methodCases } from "./cases/methods.ts";
import { payloadCases } from "./cases/payloads.ts";
import { reconnectionCases } from "./cases/reconnection.ts";
import { refusalCases } from "./cases/refusals.ts";
import { responseCases } from "./cases/responses.ts";
import { segmentCases } from "./cases/segments.ts";
import { streamCases } from "./cases/streams.ts";

/** Every case of the suite, in the order of its page. */
export const cases: readonly ConformanceCase[] = [
  ...payloadCases,
  ...segmentCases,
  ...eventTypeCases,
  ...eventIdCases,
  ...gapCases,
  ...responseCases,
  ...methodCases,
  ...reconnectionCases,
  ...endingCases,
  ...refusalCases,
  ...streamCases,
  ...corsCases,
];
