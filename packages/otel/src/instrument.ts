import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { type Sessions, UsageError } from '@sess/core';
import { port, type Readers, readOptions } from '@sess/core/internal';
import { recordEvents } from './metrics.js';
import { createTracing } from './spans.js';

/** The providers of the spans and the metrics of an engine. */
export interface InstrumentOptions {
  /** Default: the global provider, also if it is registered later. Without any provider there are no spans. */
  readonly tracerProvider?: TracerProvider;
  /** Default: the global provider. Events before its registration are not counted. */
  readonly meterProvider?: MeterProvider;
}

const OPTIONS = {
  tracerProvider: port<TracerProvider>({
    methods: ['getTracer'],
    repair: 'Give a TracerProvider of an OpenTelemetry SDK, or leave the option out.',
  }),
  meterProvider: port<MeterProvider>({
    methods: ['getMeter'],
    repair: 'Give a MeterProvider of an OpenTelemetry SDK, or leave the option out.',
  }),
} satisfies Readers<InstrumentOptions>;

/** The name of the instrumentation scope. */
const SCOPE = '@sess/otel';

/** The methods that get a span, with its name. Only stateless engines have `revokeToken`. */
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

/** An engine with any type of data; `Sessions` itself is not assignable across types of data. */
type AnyEngine = Pick<Sessions, 'on'> & { verify(accessToken: unknown): unknown };

type Method = (...parameters: readonly unknown[]) => unknown;

/**
 * Returns the same engine with a span around each operation, and counts the events of its sessions. Use the returned
 * engine in place of the given one: calls of the given engine are counted, but have no span. Instrument an engine
 * once, because a second time counts every event twice.
 *
 * A synchronous result stays synchronous. No token, session id or subject becomes an attribute.
 *
 * @throws {UsageError} invalid_option, or invalid_argument if `sessions` is not an engine
 */
export function instrument<Engine extends AnyEngine>(
  sessions: Engine,
  options: InstrumentOptions = {},
): Engine {
  const { tracerProvider = trace, meterProvider } = readOptions('instrument', options, OPTIONS);
  if (typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'instrument: expected an engine as the first argument. Write instrument(createSessions({ … })).',
    );
  }
  const traced = createTracing(tracerProvider.getTracer(SCOPE));
  // Read at each event: unlike a tracer, a meter from before the registration never becomes active.
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
