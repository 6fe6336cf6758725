/** Exports traces, metrics and rows to Application Insights with the worker's identity. */

import {
  AzureMonitorLogExporter,
  AzureMonitorMetricExporter,
  AzureMonitorTraceExporter,
} from '@azure/monitor-opentelemetry-exporter';
import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import type { Signals } from './open-telemetry.ts';
import { ownSampler } from './sampler.ts';
import { withoutQuickStorage } from './without-quick-storage.ts';

export interface AzureMonitorSettings {
  /** APPLICATIONINSIGHTS_CONNECTION_STRING; it names the place, and holds no right to it where local auth is off. */
  readonly connectionString: string;
  readonly clientId: string | undefined;
  /** Metrics leave so often, ms. */
  readonly exportEvery: number;
}

export interface Exporting extends Signals {
  /** Sends what is waiting; at most 5 s. */
  shutdown(): Promise<void>;
}

/** As Azure names the instance; Flex Consumption does not set the first of them. Elsewhere the process. */
const instanceId = (env: NodeJS.ProcessEnv): string =>
  env['WEBSITE_INSTANCE_ID'] ?? env['WEBSITE_POD_NAME'] ?? env['CONTAINER_NAME'] ?? String(process.pid);

const shutdownLimitMs = 5_000;

/**
 * Sends to Application Insights with the worker's identity. SDK and exporter alone: the distribution around them would
 * triple the length of a start. `ownSampler` samples spans; events and metrics are never sampled.
 */
export function azureMonitor({ connectionString, clientId, exportEvery }: AzureMonitorSettings): Exporting {
  // Its row repeats the resource beside each export of metrics: a third of their bytes, for nothing that a query reads.
  process.env['APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED'] ??= 'true';
  const options = { connectionString, credential: azureIdentity(clientId) };
  const resource = resourceFromAttributes({
    'service.name': 'checkout-worker',
    'service.instance.id': instanceId(process.env),
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const traces = new BasicTracerProvider({
    resource,
    sampler: ownSampler(process.env),
    spanProcessors: [withoutQuickStorage(new BatchSpanProcessor(new AzureMonitorTraceExporter(options)))],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new AzureMonitorMetricExporter(options),
        exportIntervalMillis: exportEvery,
        // Shorter than the interval, as the reader wants it.
        exportTimeoutMillis: Math.min(30_000, exportEvery),
      }),
    ],
  });
  const logs = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new AzureMonitorLogExporter(options) })],
  });
  return {
    tracer: traces.getTracer('checkout-worker'),
    meter: meters.getMeter('checkout-worker'),
    logger: logs.getLogger('checkout-worker'),
    async shutdown() {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, shutdownLimitMs).unref());
      await Promise.race([Promise.allSettled([traces, meters, logs].map((one) => one.shutdown())), limit]);
    },
  };
}
