/** One block of an event stream. */
export interface Block {
  readonly id: string | undefined;
  readonly event: string;
  /** Undefined: nothing is dispatched. */
  readonly data: string | undefined;
  readonly retry: number | undefined;
}

/** A line that no event stream of a proxy has. */
export class BrokenStream extends Error {
  override readonly name = "BrokenStream";
}

/** Cuts text into blocks; only line feeds end a line, as the proxy writes it. A block counts when its blank line is there. */
export const createBlockReader = (onBlock: (block: Block) => void): ((text: string) => void) => {
  let waiting = "";
  return (text) => {
    waiting += text;
    let from = 0;
    for (;;) {
      const end = waiting.indexOf("\n\n", from);
      if (end < 0) break;
      onBlock(readBlock(waiting.slice(from, end)));
      from = end + 2;
    }
    waiting = waiting.slice(from);
  };
};

/** Throws `BrokenStream`. */
const readBlock = (text: string): Block => {
  let id: string | undefined;
  let retry: number | undefined;
  let event = "message";
  const data: string[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 2);
    switch (colon < 0 ? line : line.slice(0, colon)) {
      case "":
        break;
      case "id":
        id = value;
        break;
      case "event":
        event = value;
        break;
      case "data":
        data.push(value);
        break;
      case "retry":
        retry = Number(value);
        break;
      default:
        throw new BrokenStream(`line ${JSON.stringify(line.slice(0, 60))}`);
    }
  }
  return { id, event, data: data.length === 0 ? undefined : data.join("\n"), retry };
};
