import type { AnswerMessage } from './worker-pool.js';

/** One honest client: what is in its jar, and whether it still believes to be signed in. */
export interface Client {
  readonly subject: string;
  readonly sid: string;
  /** The newest tokens that it has received. */
  refreshToken: string;
  accessToken: string;
  /** It was signed out, or has asked to be. Its tokens are tried again all the same. */
  isOver: boolean;
  /** Keys of its data that a patch is under way for: the next waits, so that their order is known. */
  readonly patching: Set<string>;
}

/** The clients of a run. */
export interface Clients {
  readonly live: readonly Client[];
  /** Those that were signed out lately. */
  readonly over: readonly Client[];
  liveOf(subject: string): readonly Client[];
  /** After a sign-in. */
  add(subject: string, answer: AnswerMessage): Client | undefined;
  /** A newer pair has come, whichever call brought it: the last one to arrive is in the jar. */
  receive(client: Client, answer: AnswerMessage): void;
  sendOff(client: Client): void;
}

/** More would only thin out the calls that try what has been ended just now. */
const REMEMBERED = 150;

export function createClients(): Clients {
  const live: Client[] = [];
  const over: Client[] = [];
  return {
    live,
    over,
    liveOf: (subject) => live.filter((client) => client.subject === subject),
    add(subject, { sid, refreshToken, accessToken }) {
      if (sid === undefined || refreshToken === undefined || accessToken === undefined) return;
      const isOver = false;
      const client = {
        subject,
        sid,
        refreshToken,
        accessToken,
        isOver,
        patching: new Set<string>(),
      };
      live.push(client);
      return client;
    },
    receive(client, { refreshToken, accessToken }) {
      if (refreshToken === undefined || accessToken === undefined) return;
      client.refreshToken = refreshToken;
      client.accessToken = accessToken;
    },
    sendOff(client) {
      if (client.isOver) return;
      client.isOver = true;
      live.splice(live.indexOf(client), 1);
      over.push(client);
      if (over.length > REMEMBERED) over.shift();
    },
  };
}
