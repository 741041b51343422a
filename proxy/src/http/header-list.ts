import type { ResponseHeaders } from "./answer.ts";

/** `own` headers before those of a request; the list is the same one for as long as those of the requests are. */
export const headersBefore = (own: ResponseHeaders): ((others: ResponseHeaders) => ResponseHeaders) => {
  let last: { readonly others: ResponseHeaders; readonly all: ResponseHeaders } | undefined;
  return (others) => {
    if (last?.others !== others) last = { others, all: [...own, ...others] };
    return last.all;
  };
};
