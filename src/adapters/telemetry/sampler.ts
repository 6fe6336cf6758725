/** Decides which traces are kept, before the first span of a trace is made. */
import { type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';

/**
 * Keeps a share of the traces, chosen by trace id alone, so a kept trace is whole on every instance. The flag of a remote parent is
 * ignored: the host marks its spans as not sampled where it has no telemetry of its own, and a producer samples for its own purse.
 * `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` mean what OpenTelemetry says; `parentbased_` makes no difference here.
 */
export function ownSampler(env: NodeJS.ProcessEnv): Sampler {
  const share = shareOf(env);
  const byTraceId = new TraceIdRatioBasedSampler(share);
  // With its rate on each row, the counts of the portal are right though only a share of the rows is there.
  const attributes = share < 1 ? { 'microsoft.sample_rate': 100 * share } : {};
  return {
    shouldSample: (context, traceId) => ({ ...byTraceId.shouldSample(context, traceId), attributes }),
    toString: () => `ByTraceId{${share}}`,
  };
}

function shareOf(env: NodeJS.ProcessEnv): number {
  switch (env['OTEL_TRACES_SAMPLER']?.replace(/^parentbased_/, '')) {
    case 'always_off':
      return 0;
    case 'traceidratio': {
      const share = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? 1);
      // What is no share keeps all: too much telemetry is noticed, too little is missed.
      return share >= 0 && share <= 1 ? share : 1;
    }
    default:
      return 1;
  }
}
