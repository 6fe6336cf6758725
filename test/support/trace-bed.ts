import { gunzipSync } from 'node:zlib';
import {
  type AzureMonitorExporterOptions,
  AzureMonitorTraceExporter,
} from '@azure/monitor-opentelemetry-exporter';
import { context, propagation } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type Envelope, rowsIn } from '../../local/azure/application-insights.ts';
import { openTelemetry } from '../../src/adapters/telemetry/open-telemetry.ts';
import { ownSampler } from '../../src/adapters/telemetry/sampler.ts';
import type { Tracing } from '../../src/ports/tracing.ts';

/** The worker's own tracing over the real exporter: the rows of what `work` did, as Application Insights receives them. */
export async function rowsOf(
  env: NodeJS.ProcessEnv,
  work: (tracing: Tracing) => Promise<unknown>,
): Promise<readonly Envelope[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const envelopes: Envelope[] = [];
  // In the place of the network.
  const httpClient: NonNullable<AzureMonitorExporterOptions['httpClient']> = {
    async sendRequest(request) {
      const { body } = request;
      const bytes = body instanceof Uint8Array ? body : Buffer.from(String(body));
      const unzipped = request.headers.get('content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes;
      const rows = rowsIn(Buffer.from(unzipped).toString());
      envelopes.push(...rows);
      const bodyAsText = JSON.stringify({
        itemsReceived: rows.length,
        itemsAccepted: rows.length,
        errors: [],
      });
      return { request, status: 200, headers: request.headers, bodyAsText };
    },
  };
  const exporter = new AzureMonitorTraceExporter({
    connectionString: 'InstrumentationKey=00000000-0000-4000-8000-00000000000b',
    disableOfflineStorage: true,
    httpClient,
  });
  const traces = new BasicTracerProvider({
    sampler: ownSampler(env),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  try {
    await work(
      openTelemetry({
        tracer: traces.getTracer('test'),
        meter: new MeterProvider().getMeter('test'),
        logger: logs.getLogger('test'),
      }),
    );
    await traces.forceFlush();
  } finally {
    await traces.shutdown();
    context.disable();
    propagation.disable();
  }
  return envelopes.filter(({ data }) => data.baseType === 'RemoteDependencyData');
}
