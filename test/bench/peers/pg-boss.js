// pg-boss: node pg-boss.js enqueue|work|books. Where it is given in seconds, TIME_FACTOR divides its default, down to a second.
import { readFileSync } from 'node:fs';
import { PgBoss } from 'pg-boss';
import { purchase } from './purchase.js';

const { SERVER_PORT, CONCURRENCY, TIME_FACTOR } = process.env;
const scaled = (seconds) => Math.max(1, Math.round(seconds / TIME_FACTOR));
const boss = new PgBoss({
  connectionString: `postgres://bench@127.0.0.1:${SERVER_PORT}/postgres`,
  superviseIntervalSeconds: scaled(60),
  monitorIntervalSeconds: scaled(60),
});
boss.on('error', console.error);
await boss.start();
await boss.createQueue('checkout', {
  retryLimit: 9,
  retryDelay: 1,
  retryBackoff: true,
  expireInSeconds: scaled(900),
});

/** As many at a time as the others, each job with a result of its own: its documentation's way to many jobs a second. */
const options = { batchSize: Number(CONCURRENCY), burstWhenBatchFull: true, perJobResults: true };

const modes = {
  async enqueue() {
    const jobs = JSON.parse(readFileSync('jobs.json', 'utf8'));
    await boss.insert(
      'checkout',
      jobs.map((data) => ({ data })),
    );
    await boss.stop();
  },
  async work() {
    await boss.work('checkout', { ...options, pollingIntervalSeconds: 0.5 }, (jobs) =>
      Promise.all(
        jobs.map(({ id, data }) =>
          purchase(data).then(
            (orders) => ({ id, status: 'completed', output: { orders } }),
            ({ message }) => ({ id, status: 'failed', output: { message } }),
          ),
        ),
      ),
    );
  },
  async books() {
    const jobs = await boss.findJobs('checkout', { limit: 100_000 });
    const done = jobs.filter(({ state }) => state === 'completed');
    const bought = done.map(({ data, output }) => [data.customerId, output.orders]);
    const failed = jobs.filter(({ state }) => state === 'failed').length;
    process.stdout.write(JSON.stringify({ bought, failed }));
    await boss.stop();
  },
};
await modes[process.argv[2]]();
