import type { Agent } from 'node:http';
import { sendRequest } from '../../../test/kit.js';

/** A browser's cookies for one host, as far as these tests need them. */
export interface Jar {
  readonly cookies: Map<string, string>;
  /** The `Cookie` header. */
  header(): string;
  /** Takes the `Set-Cookie` lines of a response. */
  take(lines: readonly string[]): void;
}

/** Creates a jar with given cookies. */
export function createJar(cookies: Iterable<readonly [string, string]> = []): Jar {
  const kept = new Map(cookies);
  return {
    cookies: kept,
    header: () => [...kept].map(([name, value]) => `${name}=${value}`).join('; '),
    take(lines) {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';');
        const equals = pair.indexOf('=');
        const name = pair.slice(0, equals);
        const isRemoval = attributes.some((attribute) => /^ *max-age=0$/i.test(attribute));
        if (isRemoval) kept.delete(name);
        else kept.set(name, pair.slice(equals + 1));
      }
    },
  };
}

/** A response, and its cookies. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly setCookies: readonly string[];
}

/** How a request is sent. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The response is lost on its way: the jar does not get its cookies. */
  readonly isLost?: boolean;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** Sends a request with the cookies of a jar, which takes those of the response. */
export async function ask(jar: Jar, url: string, given: Ask = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, isLost = false, agent } = given;
  const cookie = jar.header();
  const lines = Object.entries({ ...(cookie === '' ? {} : { cookie }), ...headers });
  const answer = await sendRequest(url, {
    method,
    headers: lines,
    ...(body === undefined ? {} : { body }),
    ...(agent === undefined ? {} : { agent }),
  });
  const { status, setCookies, text } = answer;
  if (!isLost) jar.take(setCookies);
  const isJson = answer.headers['content-type']?.includes('json') === true;
  return { status, body: isJson ? JSON.parse(text) : text, setCookies };
}
