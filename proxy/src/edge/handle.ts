import type { Answer } from "../http/answer.ts";
import type { Exchange } from "./exchange.ts";

export type Answered = Answer | undefined | Promise<Answer | undefined>;

/** Answers a request, or begins its stream and answers nothing. */
export type Handle = (exchange: Exchange) => Answered;
