/** What a chunked HTTP/1.1 answer says, or where its framing breaks. */
export type Dechunked =
  | { readonly kind: "complete"; readonly body: Buffer }
  | { readonly kind: "open"; readonly body: Buffer }
  | { readonly kind: "broken"; readonly at: number };

const crlf = Buffer.from("\r\n");

/** Undoes the chunked framing of the bytes after the header block; `open`: the terminator is not there yet. */
export const dechunk = (bytes: Buffer): Dechunked => {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = bytes.indexOf(crlf, offset);
    if (lineEnd < 0) return { kind: "open", body: Buffer.concat(chunks) };
    const size = bytes.subarray(offset, lineEnd).toString("latin1");
    if (!/^[0-9a-f]+$/i.test(size)) return { kind: "broken", at: offset };
    const length = Number.parseInt(size, 16);
    if (length === 0) return { kind: "complete", body: Buffer.concat(chunks) };
    const start = lineEnd + 2;
    chunks.push(bytes.subarray(start, start + length));
    // uWS sends the line end of a chunk together with the next one.
    if (start + length + 2 > bytes.length) return { kind: "open", body: Buffer.concat(chunks) };
    if (!bytes.subarray(start + length, start + length + 2).equals(crlf)) return { kind: "broken", at: start + length };
    offset = start + length + 2;
  }
};

/** The bytes after the header block. */
export const afterHead = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
};
