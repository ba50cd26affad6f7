import type { Counter, Histogram, Meter, MeterProvider } from '@opentelemetry/api';
import type { Sessions } from '@sess/core';

/** Seconds: fine for a Redis in the same network, and up to beyond every timeout of a store. */
const BUCKETS = [
  0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

interface Instruments {
  readonly created: Counter;
  readonly refreshed: Counter;
  readonly revoked: Counter;
  readonly reuse: Counter;
  readonly rejected: Counter;
  readonly storeErrors: Counter;
  readonly unconfirmed: Counter;
  readonly storeDuration: Histogram;
}

function openInstruments(meter: Meter): Instruments {
  const counter = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { unit, description });
  return {
    created: counter('sess.sessions.created', '{session}', 'Sessions started'),
    refreshed: counter('sess.sessions.refreshed', '{refresh}', 'Refreshes that returned tokens'),
    revoked: counter('sess.sessions.revoked', '{session}', 'Sessions ended before their expiry'),
    reuse: counter(
      'sess.reuse',
      '{session}',
      'Sessions ended because a spent token was presented again',
    ),
    rejected: counter('sess.rejected', '{token}', 'Tokens that were not accepted'),
    storeErrors: counter('sess.store.errors', '{call}', 'Failed calls to a store'),
    unconfirmed: counter(
      'sess.store.unconfirmed',
      '{call}',
      'Writes that replicas did not confirm',
    ),
    storeDuration: meter.createHistogram('sess.store.duration', {
      unit: 's',
      description: 'Duration of calls to a store',
      advice: { explicitBucketBoundaries: BUCKETS },
    }),
  };
}

/** Records the events of an engine. A new provider gets new instruments. */
export function recordEvents(
  sessions: Pick<Sessions, 'on'>,
  scope: string,
  getProvider: () => MeterProvider,
): void {
  let opened: { readonly provider: MeterProvider; readonly instruments: Instruments } | undefined;
  const instruments = (): Instruments => {
    const provider = getProvider();
    if (opened?.provider !== provider) {
      opened = { provider, instruments: openInstruments(provider.getMeter(scope)) };
    }
    return opened.instruments;
  };

  sessions.on('created', () => instruments().created.add(1));
  sessions.on('refreshed', ({ replayed }) =>
    instruments().refreshed.add(1, { 'sess.replayed': replayed }),
  );
  sessions.on('revoked', ({ cause, count = 1 }) =>
    instruments().revoked.add(count, { 'sess.cause': cause }),
  );
  sessions.on('reuse', () => instruments().reuse.add(1));
  sessions.on('rejected', ({ token, reason }) =>
    instruments().rejected.add(1, { 'sess.token': token, 'sess.reason': reason }),
  );
  sessions.on('store-error', ({ operation }) =>
    instruments().storeErrors.add(1, { 'sess.operation': operation }),
  );
  sessions.on('unconfirmed', ({ operation }) =>
    instruments().unconfirmed.add(1, { 'sess.operation': operation }),
  );
  sessions.on('store-call', ({ operation, duration, ok }) =>
    instruments().storeDuration.record(duration / 1_000, {
      'sess.operation': operation,
      ...(ok ? {} : { 'error.type': 'store_unavailable' }),
    }),
  );
}
