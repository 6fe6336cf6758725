/** The entry of the bundle: registers every function with Azure's library, also where the settings are wrong. */

import { app } from '@azure/functions';
import { startWorker } from './start.ts';
import { checkoutFunction, urgentFunction } from './triggers/checkout.ts';
import { healthFunction } from './triggers/health.ts';
import { pollFunction } from './triggers/poll-pending-orders.ts';
import { readBatchFunction } from './triggers/read-batch.ts';
import { readJobFunction } from './triggers/read-job.ts';
import { submitJobsFunction } from './triggers/submit-jobs.ts';

// A setting that is missing or wrong is no reason to register nothing: the host would be up, with nobody to say why.
const start = startWorker(process.env);

app.serviceBusQueue('checkout', checkoutFunction(start));
app.serviceBusQueue('checkoutUrgent', urgentFunction(start));
app.http('submitJobs', submitJobsFunction(start));
app.http('readJob', readJobFunction(start));
app.http('readBatch', readBatchFunction(start));
app.http('health', healthFunction(start));
app.timer('pollPendingOrders', pollFunction(start));
// Counts only if host.json sets telemetryMode: the host then leaves the functions' telemetry to the worker's own exporter.
if (start.failure === undefined && start.worker().exports)
  app.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });
// Before the first message, so that people's tools find the tables; nothing waits for it.
app.hook.appStart(({ hookData }) => {
  if (start.failure === undefined) void start.worker().ready();
  // The local host ends with this text. Azure's host stays up, and the health check answers with it.
  else hookData['startFailure'] = start.failure;
});
app.hook.appTerminate(() => start.close());
// One line, and it holds the word "error": the host drops all other lines of the console.
if (start.failure !== undefined) console.error(`error: ${start.failure}`);
