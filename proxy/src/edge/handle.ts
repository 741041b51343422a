import type { Answer } from "../http/answer.ts";
import type { Soon } from "../hub/soon.ts";
import type { Exchange } from "./exchange.ts";

export type Answered = Soon<Answer | undefined>;

/** Answers a request; undefined: it has begun a stream, or reads the body and answers on the exchange itself. */
export type Handle = (exchange: Exchange) => Answered;

/** Undefined: nothing is to be answered here. */
export const answerOn = (answer: Answer | undefined, exchange: Exchange): void => {
  if (answer !== undefined) exchange.respond(answer);
};
