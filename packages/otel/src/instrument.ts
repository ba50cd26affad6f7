import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { type Sessions, UsageError } from '@sess/core';
import { assertKnown } from '@sess/core/options';
import { recordEvents } from './metrics.js';
import { createTracing } from './spans.js';

/** Where the spans and the metrics of an engine go. */
export interface InstrumentOptions {
  /** Default: the global one, also when it is registered later. Without any there are no spans. */
  readonly tracerProvider?: TracerProvider;
  /** Default: the global one; what happens before it is registered is not counted. */
  readonly meterProvider?: MeterProvider;
}

const KNOWN: ReadonlySet<string> = new Set<keyof InstrumentOptions>([
  'tracerProvider',
  'meterProvider',
]);

/** The name of the instrumentation scope. */
const SCOPE = '@sess/otel';

/** Methods that get a span, and its name. `revokeToken` is what stateless engines have beside the others. */
const SPANS = {
  create: 'sess.create',
  verify: 'sess.verify',
  authenticate: 'sess.verify',
  refresh: 'sess.refresh',
  update: 'sess.update',
  elevate: 'sess.elevate',
  get: 'sess.get',
  list: 'sess.list',
  revoke: 'sess.revoke',
  revokeAll: 'sess.revoke_all',
  revokeToken: 'sess.revoke_token',
  end: 'sess.end',
} as const satisfies Partial<Record<keyof Sessions | 'revokeToken', string>>;

/** Any engine, whatever its type of data, to which `Sessions` itself is not indifferent. */
type AnyEngine = Pick<Sessions, 'on'> & { verify(accessToken: unknown): Promise<unknown> };

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/**
 * Answers the same engine with a span around each operation, and counts what becomes of its sessions. Give the answer
 * to the adapter, and call it yourself, in place of the engine: what is called on the engine itself is counted, but has
 * no span. Once for an engine: a second time everything would be counted twice.
 *
 * No token, session id or subject becomes an attribute.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function instrument<Engine extends AnyEngine>(
  sessions: Engine,
  options: InstrumentOptions = {},
): Engine {
  assertKnown('instrument', options, KNOWN);
  if (typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'instrument() takes an engine first: instrument(createSessions({ … })).',
    );
  }
  const { tracerProvider = trace, meterProvider } = options;
  const traced = createTracing(tracerProvider.getTracer(SCOPE));
  // Asked for at each event: unlike a tracer, a meter of before the registration never wakes up.
  recordEvents(sessions, SCOPE, () => meterProvider ?? metrics.getMeterProvider());

  const methods: Record<string, Method> = {};
  for (const [name, span] of Object.entries(SPANS)) {
    const method = Reflect.get(sessions, name) as Method | undefined;
    if (method === undefined) continue;
    methods[name] = (...parameters) =>
      traced(span, () => Reflect.apply(method, sessions, parameters));
  }
  return Object.freeze({ ...sessions, ...methods });
}
