import { app } from '@azure/functions';
import { checkoutFunction, urgentFunction } from './checkout.ts';
import { healthFunction } from './health.ts';
import { pollFunction } from './poll-pending-orders.ts';
import { readBatchFunction } from './read-batch.ts';
import { readCheckoutFunction } from './read-checkout.ts';
import { submitJobsFunction } from './submit-jobs.ts';
import { openWorker } from './worker.ts';

// A setting that is missing or wrong stops the start here, with one sentence for each that names it.
const worker = openWorker(process.env);

app.serviceBusQueue('checkout', checkoutFunction(worker));
app.serviceBusQueue('checkoutUrgent', urgentFunction(worker));
app.http('submitJobs', submitJobsFunction(worker));
app.http('readCheckout', readCheckoutFunction(worker));
app.http('readBatch', readBatchFunction(worker));
app.http('health', healthFunction(worker));
app.timer('pollPendingOrders', pollFunction(worker));
// The host then leaves logs, traces and metrics of the functions to the worker's own exporter.
if (worker.exports) app.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });
// Before the first message, so that people's tools find the tables; nothing waits for it.
app.hook.appStart(() => void worker.ready());
app.hook.appTerminate(() => worker.close());
