/** An error that a server sent as a reply, such as `MOVED 93 127.0.0.1:7001`. */
export class RespError extends Error {
  override readonly name = 'RespError';

  /** The first word of the reply: `ERR`, `MOVED`, `NOSCRIPT`. */
  get code(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

/**
 * A RESP2 or RESP3 value: bulk strings are Buffers, simple strings are strings, a map is a flat
 * array.
 */
export type RespValue = string | number | null | Buffer | RespError | readonly RespValue[];

/** One whole message from the wire. */
export interface RespFrame {
  readonly value: RespValue;
  /** The bytes it came in, to be passed on unchanged. */
  readonly raw: Buffer;
  /** A RESP3 push (`>`): answers no request. */
  readonly push: boolean;
}

interface Parsed {
  readonly value: RespValue;
  readonly next: number;
  readonly push: boolean;
}

/**
 * A parser that is fed chunks as they come and calls `onFrame` for each whole message, requests and
 * replies alike. A line that starts with no RESP type is taken as an inline command. Bytes of an
 * unfinished message are kept; a message that arrives in many chunks is looked at again with each
 * of them.
 *
 * @throws whatever `onFrame` throws.
 */
export function createRespParser(onFrame: (frame: RespFrame) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let parsed = parseAt(buffer, at); parsed !== undefined; parsed = parseAt(buffer, at)) {
      onFrame({ value: parsed.value, push: parsed.push, raw: buffer.subarray(at, parsed.next) });
      at = parsed.next;
    }
    rest = Buffer.from(buffer.subarray(at));
  };
}

function parseAt(buffer: Buffer, at: number): Parsed | undefined {
  const lineEnd = buffer.indexOf('\r\n', at);
  if (lineEnd === -1) return undefined;
  const type = String.fromCharCode(buffer[at] ?? 0);
  const line = buffer.toString('utf8', at + 1, lineEnd);
  const next = lineEnd + 2;
  const scalar = (value: RespValue): Parsed => ({ value, next, push: false });
  switch (type) {
    case '+':
    case ',':
    case '(':
    case '#':
      return scalar(line);
    case '-':
      return scalar(new RespError(line));
    case ':':
      return scalar(Number(line));
    case '_':
      return scalar(null);
    case '$':
    case '=':
    case '!':
      return bulk(buffer, next, Number(line), type === '!');
    case '*':
    case '~':
      return aggregate(buffer, next, Number(line), false);
    case '>':
      return aggregate(buffer, next, Number(line), true);
    case '%':
      return aggregate(buffer, next, Number(line) * 2, false);
    case '|': {
      // Attributes precede the reply that they describe; both make one message.
      const attributes = aggregate(buffer, next, Number(line) * 2, false);
      return attributes && parseAt(buffer, attributes.next);
    }
    default: {
      const words = (type + line).split(' ').filter((word) => word !== '');
      return scalar(lineEnd === at ? [] : words.map((word) => Buffer.from(word)));
    }
  }
}

function bulk(buffer: Buffer, start: number, length: number, isError: boolean): Parsed | undefined {
  if (length < 0) return { value: null, next: start, push: false };
  const end = start + length;
  if (buffer.length < end + 2) return undefined;
  const bytes = buffer.subarray(start, end);
  return { value: isError ? new RespError(bytes.toString()) : bytes, next: end + 2, push: false };
}

function aggregate(
  buffer: Buffer,
  start: number,
  count: number,
  push: boolean,
): Parsed | undefined {
  if (count < 0) return { value: null, next: start, push };
  const values: RespValue[] = [];
  let next = start;
  for (let index = 0; index < count; index++) {
    const item = parseAt(buffer, next);
    if (item === undefined) return undefined;
    values.push(item.value);
    next = item.next;
  }
  return { value: values, next, push };
}
