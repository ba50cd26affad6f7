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

/**
 * Reads a request's body as one JSON object, from the socket itself: each framework's own parser has
 * rules of its own, and the examples are to agree.
 *
 * @throws Problem
 */
export async function readJsonObject(request: IncomingMessage): Promise<JsonObject> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) throw new Problem('invalid_json');
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  if (!isJson(type) || (encoding !== undefined && encoding.toLowerCase() !== 'identity')) {
    throw new Problem('unsupported_media_type');
  }
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('invalid_json');
  }
  if (isDeeperThan(MAX_DEPTH, value)) throw new Problem('too_deep');
  // A key "__proto__" is a property like others here, and the engine drops it from session data.
  return value as JsonObject;
}

function isJson(type: string | undefined): boolean {
  const match = JSON_TYPE.exec(type ?? '');
  if (match === null) return false;
  const charset = CHARSET.exec(match[1] ?? '')?.[1] ?? 'utf-8';
  return /^utf-?8$/i.test(charset);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new Problem('invalid_json');
  }
}

/** Goes level by level: a call for each level would hand the size of the stack to the client. */
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
 * The body's bytes. What is too much is thrown away as it comes in, and not left unread: the client would
 * see a broken connection in place of the answer.
 */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(new Problem('body_too_large'));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => reject(new Problem('body_incomplete')));
  });
}
