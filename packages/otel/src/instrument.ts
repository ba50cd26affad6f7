import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { type Sessions, UsageError } from '@sess/core';
import { option, type Readers, readOptions } from '@sess/core/internal';
import { recordEvents } from './metrics.js';
import { createTracing } from './spans.js';

/** Options of `instrument()`. */
export interface InstrumentOptions {
  /** Where spans go. Default: the global provider, also if it is registered later. Without one there are no spans. */
  readonly tracerProvider?: TracerProvider;
  /** Where metrics go. Default: the global provider; what happens before its registration is not counted. */
  readonly meterProvider?: MeterProvider;
}

const hasMethod = (method: string) => (value: unknown) =>
  typeof (value as Record<string, unknown> | null)?.[method] === 'function';

const READERS = {
  tracerProvider: option<TracerProvider>({
    expected: 'a tracer provider',
    accepts: hasMethod('getTracer'),
    default: () => trace,
  }),
  meterProvider: option<MeterProvider>({
    expected: 'a meter provider',
    accepts: hasMethod('getMeter'),
  }),
} satisfies Readers<InstrumentOptions>;

/** The name of the instrumentation scope. */
const SCOPE = '@sess/otel';

/** The methods that get a span, with its name. `revokeToken` exists on stateless engines. */
const SPANS = {
  create: 'sess.create',
  verify: 'sess.verify',
  authenticate: 'sess.verify',
  refresh: 'sess.refresh',
  update: 'sess.update',
  updateAll: 'sess.update_all',
  elevate: 'sess.elevate',
  get: 'sess.get',
  list: 'sess.list',
  revoke: 'sess.revoke',
  revokeAll: 'sess.revoke_all',
  revokeToken: 'sess.revoke_token',
  end: 'sess.end',
} as const satisfies Partial<Record<keyof Sessions | 'revokeToken', string>>;

/** Any engine: `Sessions` itself depends on the type of the data. */
type AnyEngine = Pick<Sessions, 'on'> & { verify(accessToken: unknown): unknown };

type Method = (...parameters: readonly unknown[]) => unknown;

/**
 * Returns the same engine with a span around each operation, and counts its events. Give the result to the adapter, and
 * use it in place of the engine: a call on the engine itself is counted, but has no span. Call it once per engine; twice
 * counts everything twice. What a method returns synchronously stays synchronous.
 *
 * No token, session id or subject becomes an attribute.
 *
 * @throws {UsageError} invalid_option, invalid_argument
 */
export function instrument<Engine extends AnyEngine>(
  sessions: Engine,
  options: InstrumentOptions = {},
): Engine {
  const { tracerProvider, meterProvider } = readOptions('instrument', options, READERS);
  if (typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'instrument: expected an engine as first argument. Write instrument(createSessions({ … })).',
    );
  }
  const traced = createTracing(tracerProvider.getTracer(SCOPE));
  // Read at each event: unlike a tracer, a meter from before the registration stays without effect.
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
