import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.js';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_BYTES = 102_400;
/** Nested arrays and objects; the body itself is the first. */
const MAX_DEPTH = 64;

/*
 * json-type = "application/" [ token "+" ] "json" *( OWS ";" parameter )     ; RFC 6838, section 4.2.8
 */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;(.*))?$/i;
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/i;

/** A request body, with the headers that describe it. */
interface Body {
  readonly chunks: AsyncIterable<Uint8Array> | null;
  readonly type: string | null | undefined;
  readonly encoding: string | null | undefined;
}

/**
 * Returns the body of a request as a JSON object. It is read from the socket, because the parsers of the frameworks
 * have different rules, and the hosts of the demo must agree.
 *
 * @throws {Problem}
 */
export function readJsonObject(request: IncomingMessage): Promise<JsonObject> {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  return readObject({ chunks: request, type, encoding });
}

/**
 * Returns the body of a Fetch request as a JSON object.
 *
 * @throws {Problem}
 */
export function readJsonRequest({ body, headers }: Request): Promise<JsonObject> {
  return readObject({
    chunks: body as AsyncIterable<Uint8Array> | null,
    type: headers.get('Content-Type'),
    encoding: headers.get('Content-Encoding'),
  });
}

async function readObject({ chunks, type, encoding }: Body): Promise<JsonObject> {
  const bytes = chunks === null ? new Uint8Array() : await readBytes(chunks);
  if (bytes.length === 0) throw new Problem('invalid_json');
  if (!isJson(type ?? '') || (encoding ?? 'identity').toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type');
  }
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('invalid_json');
  }
  if (isDeeperThan(MAX_DEPTH, value)) throw new Problem('too_deep');
  // A key "__proto__" is a normal property here. The engine removes it from session data.
  return value as JsonObject;
}

function isJson(type: string): boolean {
  const match = JSON_TYPE.exec(type);
  if (match === null) return false;
  const charset = CHARSET.exec(match[1] ?? '')?.[1] ?? 'utf-8';
  return /^utf-?8$/i.test(charset);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new Problem('invalid_json');
  }
}

/** True if a value is nested deeper than `limit`. Iterative, because the client controls the depth. */
function isDeeperThan(limit: number, value: object): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((parent) => Object.values(parent) as unknown[]).filter(isObject);
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Returns the bytes of a body. The rest of a body that is too large is read and discarded: otherwise the client would
 * see a broken connection instead of the response.
 */
async function readBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // A for-await loop would destroy the stream when it ends early.
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await next(iterator);
    if (done === true) return Buffer.concat(parts);
    parts.push(value);
    size += value.length;
    if (size <= MAX_BYTES) continue;
    void discard(iterator);
    throw new Problem('body_too_large');
  }
}

function next(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  return iterator.next().catch(() => {
    throw new Problem('body_incomplete');
  });
}

async function discard(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while ((await iterator.next()).done !== true);
  } catch {
    // The client has disconnected.
  }
}
