import { type Clock, type Logger, systemClock } from '@sess/core';
import type { Denylist } from '@sess/core/store';
import { sendToPrimaries } from '../client/ask-masters.js';
import { describeRisks } from '../client/client-settings.js';
import { openOwnConnection } from '../client/own-connection.js';
import { createPort, type RedisClient } from '../client/redis-port.js';
import { createDeadline } from '../deadline.js';
import { assertTrackable, createKeeper } from '../near-cache/keeper.js';
import { waitUntilReady } from '../ready.js';
import { createRepeater } from '../reapply/repeater.js';
import { createRevocationLog } from '../reapply/revocation-log.js';
import { startTimer } from '../timers.js';
import { createDurableChannel, createPlainChannel } from '../write-channel.js';
import { createDenylistCalls, type DenylistCalls } from './calls.js';
import { type Denied, denyAgain, withoutNeedless } from './denial-log.js';
import { createEvictionGuard } from './eviction-guard.js';
import { withNearCalls } from './near-calls.js';
import { type RedisDenylistOptions, resolveDenylistOptions } from './options.js';
import { isDeniedBy, type SubjectState } from './state.js';

/**
 * Which signed tokens are dead, on Redis or Valkey: a single server, Sentinel, or a Cluster. Everything of a subject
 * is one HASH, so a check is one read of one key, and every change one write of one key.
 *
 * The server must not evict keys: under any `maxmemory-policy` but `noeviction`, `ready()` rejects with a
 * `UsageError`, and calls fail. What is lost all the same has the tokens of before refused, not welcomed. The client
 * stays the caller's: give it the options of `failFast`.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function redisDenylist(client: RedisClient, options: RedisDenylistOptions = {}): Denylist {
  const { keyPrefix, timeout, durability, nearCache } = resolveDenylistOptions(options);
  const port = createPort(client);
  // First what may refuse the client, then what opens a connection to it.
  if (nearCache !== undefined) assertTrackable(client);
  const own = durability === undefined ? undefined : openOwnConnection(client);
  const withDeadline = createDeadline(timeout, startTimer);
  const withHalf = createDeadline(timeout / 2, startTimer);
  let logger: Logger | undefined;
  let clock: Clock = systemClock;
  let stopListening = (): void => {};
  let hasReported = false;

  const guard = createEvictionGuard({
    askInfo: () =>
      sendToPrimaries(client, port, {
        key: keyPrefix,
        args: ['INFO', 'memory'],
        // A node that is silent must not use up the time of a call that is for another one.
        within: (answer) => withHalf('INFO', answer),
      }),
    onUnknown(reason) {
      logger?.warn(
        { reason },
        'denylist: whether this server evicts keys cannot be told. Make sure that its maxmemory-policy is noeviction',
      );
    },
  });

  const plain = createDenylistCalls({
    port,
    durable:
      own === undefined || durability === undefined
        ? createPlainChannel(port)
        : createDurableChannel(own.port, durability),
    keyPrefix,
    withDeadline,
    admit: guard.admit,
    onUnconfirmed(operation) {
      logger?.warn({ operation }, 'denylist: replicas did not confirm a denial in time');
    },
    onUnreadable(tag) {
      // Once, for there may be many.
      if (hasReported) return;
      hasReported = true;
      logger?.error(
        { tag },
        'what is denied of a subject cannot be read in Redis; the tokens that it is about are refused',
      );
    },
  });
  const keeper =
    nearCache === undefined
      ? undefined
      : createKeeper<SubjectState>({ client, keyPrefix, settings: nearCache, name: 'denials' });
  const near = keeper === undefined ? undefined : withNearCalls(plain, keeper);
  const calls: DenylistCalls = near ?? plain;

  const log = createRevocationLog<Denied>();
  const repeater = createRepeater<Denied>({
    recent: () => withoutNeedless(log.recent(clock.now())),
    again: (denied) => denyAgain(calls, denied),
    onRepaired(restored) {
      logger?.warn({ restored }, 'a failover had lost denials; they were said again');
    },
  });
  const { watch } = repeater;

  function onReconnect(): void {
    guard.forget();
    repeater.repeatAfter(() => waitUntilReady(port, keyPrefix, timeout));
  }

  return {
    timeout,
    isLocal: false,
    open(context) {
      if (logger !== undefined) return;
      ({ logger, clock } = context);
      for (const risk of describeRisks(client)) logger.warn({}, risk);
      repeater.start(clock);
      stopListening = port.onReconnect?.(onReconnect) ?? stopListening;
      keeper?.start(context);
    },
    currentVersion: (tag, life) => watch(calls.enroll(tag, life)),
    async isDenied(token, at) {
      return isDeniedBy((await watch(calls.read(token))).state, token, at);
    },
    ...(near === undefined ? {} : { peek: near.peek }),
    async deny(tag, denials, life) {
      await watch(calls.deny(tag, denials, life));
      log.add({ kind: 'some', tag, denials, life, at: clock.now() });
    },
    async denyAll(tag, { except, operation, life }) {
      const given = { operation, life, ...(except === undefined ? {} : { except }) };
      const head = await watch(calls.denyAll(tag, given));
      if (head !== undefined) log.add({ kind: 'all', tag, operation, head, life, at: clock.now() });
    },
    async supersede(token, given) {
      const answer = await watch(calls.succeed(token, given));
      if (answer !== undefined) {
        const { successor } = answer;
        log.add({ kind: 'spent', token, successor, life: given.life, at: clock.now() });
      }
      return answer;
    },
    async ready() {
      await withDeadline('ready', waitUntilReady(port, keyPrefix, timeout));
      await guard.assertGood();
    },
    async close() {
      stopListening();
      keeper?.close();
      await own?.close();
    },
  };
}
