import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** What was recorded of a metric: its attributes and its value. */
export type Recorded<Value = number> = readonly [Readonly<Record<string, unknown>>, Value];

/** Providers that keep what they are given in memory. */
export function createRecording() {
  const spanExporter = new InMemorySpanExporter();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter)],
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });

  async function metrics() {
    metricExporter.reset();
    await meterProvider.forceFlush();
    return metricExporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  }

  async function points<Value>(name: string): Promise<Recorded<Value>[]> {
    const metric = (await metrics()).find(({ descriptor }) => descriptor.name === name);
    return (metric?.dataPoints ?? []).map(
      ({ attributes, value }) => [attributes, value as Value] as const,
    );
  }

  return {
    tracerProvider,
    meterProvider,
    contextManager: new AsyncLocalStorageContextManager().enable(),
    metrics,
    counts: (name: string) => points<number>(name),
    histogram: (name: string) => points<Histogram>(name),
    spans: () => spanExporter.getFinishedSpans(),
    /** The name and the attributes of each span, in the order in which they ended. */
    told: () => spanExporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes]),
    forget: () => spanExporter.reset(),
  };
}
