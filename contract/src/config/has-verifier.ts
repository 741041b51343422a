import type { JwtVerifierConfig } from "./jwt-verifier.ts";

/** Whether somebody is asked about tokens. */
export const hasVerifier = ({ webhookUrl, jwksUrl }: Pick<JwtVerifierConfig, "webhookUrl" | "jwksUrl">): boolean =>
  webhookUrl !== undefined || jwksUrl !== undefined;
