import type { Answer } from "../http/answer.ts";
import type { Soon } from "../hub/soon.ts";
import type { Exchange } from "./exchange.ts";

export type Answered = Soon<Answer | undefined>;

/** Answers a request, or begins its stream and answers nothing. */
export type Handle = (exchange: Exchange) => Answered;
