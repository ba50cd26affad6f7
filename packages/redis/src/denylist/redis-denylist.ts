import type { Clock, Logger } from '@sess/core';
import { createNearCache, createReplayer, systemClock, withTimeout } from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import { createCommandSender } from '../client/command-sender.js';
import { openDurableConnection } from '../client/dedicated-connection.js';
import { describeRisks } from '../client/fail-fast.js';
import { createPort, keyPrefixFor, type RedisClient } from '../client/port.js';
import { createDurableWrites, createPlainWrites, createRunScript } from '../client/run-script.js';
import { readServerInfo } from '../client/server-info.js';
import { assertTrackable, createTracking } from '../near-cache/near-cache.js';
import { isHarmless } from '../replay/is-harmless.js';
import { createDenylistCommands, type DenylistCommands, withCachedState } from './commands.js';
import { createEvictionCheck } from './eviction-check.js';
import { type RedisDenylistOptions, resolveDenylistOptions } from './options.js';
import { createDenialLog, type RecordedDenial, replayDenial } from './replay-log.js';
import { isDeniedBy, type SubjectState, tagOf } from './state.js';

/** Bytes of a cached subject: its watermark, and each entry. */
const STATE_BYTES = 300;
const ENTRY_BYTES = 200;

/** A tag that no subject has, for the check of `ready()`. */
const PROBE_TAG = 'ready-----------';

/**
 * Creates a denylist on Redis or Valkey: a single server, Sentinel or a Cluster. The state of a subject is one HASH, so
 * that a check reads one key, and a change writes one key.
 *
 * The server must not evict keys: under any `maxmemory-policy` but `noeviction`, `ready()` rejects with a `UsageError`,
 * and calls fail. It should keep an append-only file: after a restart from a snapshot, earlier tokens are refused. The
 * client belongs to the caller; create it with the options of `failFast`.
 *
 * @throws {UsageError} invalid_option, invalid_argument
 */
export function redisDenylist(client: RedisClient, options: RedisDenylistOptions = {}): Denylist {
  const { timeout, durability, nearCache, ...settings } = resolveDenylistOptions(options);
  const port = createPort(client);
  const keyPrefix = keyPrefixFor(client, settings.keyPrefix);
  // Everything that may refuse the client comes before the first connection.
  if (nearCache !== undefined) assertTrackable(client);
  const dedicated = durability === undefined ? undefined : openDurableConnection(client);
  const sender = createCommandSender({ client, port, timeout });
  const runScript = createRunScript(sender);
  const plainWrites = createPlainWrites(runScript);
  const durableSender =
    dedicated === undefined
      ? undefined
      : createCommandSender({ client, port: dedicated.port, timeout });
  let logger: Logger | undefined;
  let clock: Clock = systemClock;
  let stopListening = (): void => {};
  let hasReportedUnreadable = false;

  const check = createEvictionCheck({
    readInfo: () =>
      readServerInfo({
        client,
        port: sender,
        key: keyPrefix,
        // A silent node must not use up the time of a call for another one.
        within: (reply) =>
          withTimeout(reply, {
            clock: systemClock,
            milliseconds: timeout / 2,
            createError: () => new Error('INFO timed out'),
          }),
      }),
    onUnknown(reason) {
      logger?.warn(
        { reason },
        'denylist: the eviction policy of this Redis is unknown. Make sure that maxmemory-policy is noeviction',
      );
    },
    onSnapshots() {
      logger?.warn(
        {},
        'denylist: this Redis is persistent by snapshots (RDB) alone. After a restart, of any node of a Cluster, all earlier tokens are refused. Set appendonly to yes',
      );
    },
  });

  const plain = createDenylistCommands({
    sender,
    runScript,
    plainWrites,
    durableWrites:
      dedicated === undefined || durableSender === undefined || durability === undefined
        ? plainWrites
        : createDurableWrites(dedicated.port, createRunScript(durableSender), durability),
    keyPrefix,
    admit: check.admit,
    epoch: check.epoch,
    onUnconfirmed(operation) {
      logger?.warn({ operation }, 'denylist: replicas did not confirm a denial in time');
    },
    onUnreadable(tag) {
      // Once, as there may be many.
      if (hasReportedUnreadable) return;
      hasReportedUnreadable = true;
      logger?.error(
        { tag },
        'the denials of a subject in Redis cannot be read; its tokens are refused',
      );
    },
  });
  const cache =
    nearCache === undefined
      ? undefined
      : createNearCache<SubjectState>({
          ...createTracking({ client, keyPrefix }),
          settings: nearCache,
          name: 'denials',
          sizeOf: ({ entries }) => STATE_BYTES + ENTRY_BYTES * entries.size,
        });
  const cached = cache === undefined ? undefined : withCachedState(plain, cache);
  const commands: DenylistCommands = cached ?? plain;

  const log = createDenialLog();
  const replayer = createReplayer<RecordedDenial>({
    recent: () => log.recent(clock.now()),
    replay: (denial) => replayDenial(commands, denial),
    isHarmless,
    onRepaired(restored) {
      logger?.warn({ restored }, 'a failover had lost denials; they were written again');
    },
  });
  const { watch } = replayer;

  function onReconnect(): void {
    check.forget();
    replayer.replayAfter(() => sender.send(keyPrefix, true, ['EXISTS', keyPrefix]));
  }

  return {
    timeout,
    isLocal: false,
    open(context) {
      if (logger !== undefined) return;
      ({ logger, clock } = context);
      for (const risk of describeRisks(client)) logger.warn({}, risk);
      replayer.start(clock);
      stopListening = port.onReconnect?.(onReconnect) ?? stopListening;
      cache?.start(context);
    },
    currentVersion: (tag, ttlMs) => watch(commands.currentVersion(tag, ttlMs)),
    async isDenied(token, at) {
      return isDeniedBy((await watch(commands.read(token))).state, token, at);
    },
    ...(cached === undefined ? {} : { isKnownValid: cached.isKnownValid }),
    async deny(tag, denials, ttlMs) {
      await watch(commands.deny(tag, denials, ttlMs));
      log.add({ kind: 'some', tag, denials, ttlMs, at: clock.now() });
    },
    async denyAll(tag, { except, operation, ttlMs }) {
      const given = { operation, ttlMs, ...(except === undefined ? {} : { except }) };
      const watermark = await watch(commands.denyAll(tag, given));
      if (watermark === undefined) return;
      log.add({ kind: 'all', tag, operation, watermark, ttlMs, at: clock.now() });
    },
    async supersede(token, { at, successor: proposed, ttlMs }) {
      const result = await watch(commands.supersede(token, { at, successor: proposed, ttlMs }));
      if (result !== undefined) {
        const { successor } = result;
        const tag = tagOf(token.sid);
        log.add({ kind: 'spent', tag, token, successor, ttlMs, at: clock.now() });
      }
      return result;
    },
    async ready() {
      await check.assertNoEviction();
      // Without writes no sign-in is possible, so this does the write of a sign-in on a separate key.
      await plain.currentVersion(PROBE_TAG, 1);
      await sender.send(keyPrefix + PROBE_TAG, false, ['UNLINK', keyPrefix + PROBE_TAG]);
    },
    async close() {
      stopListening();
      cache?.close();
      sender.close();
      durableSender?.close();
      dedicated?.close();
    },
  };
}
