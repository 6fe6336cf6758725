// Graphile Worker, with a row of its own for each job: node graphile-worker.js enqueue|work|books.
import { readFileSync } from 'node:fs';
import { makeWorkerUtils, run } from 'graphile-worker';
import { purchase } from './purchase.js';

const { SERVER_PORT, CONCURRENCY, TIME_FACTOR } = process.env;
const connectionString = `postgres://bench@127.0.0.1:${SERVER_PORT}/postgres`;
const insert = 'insert into purchases (customer, orders) values ($1, $2)';

async function withUtils(work) {
  const utils = await makeWorkerUtils({ connectionString });
  try {
    await work(utils);
  } finally {
    await utils.release();
  }
}

const modes = {
  enqueue: () =>
    withUtils(async (utils) => {
      await utils.migrate();
      await utils.withPgClient((pg) => pg.query('create table purchases (customer text, orders jsonb)'));
      const jobs = JSON.parse(readFileSync('jobs.json', 'utf8'));
      await utils.addJobs(jobs.map((payload) => ({ identifier: 'checkout', payload })));
    }),
  async work() {
    const runner = await run({
      connectionString,
      concurrency: Number(CONCURRENCY),
      maxPoolSize: Number(CONCURRENCY) + 4,
      pollInterval: 1_000,
      minResetLockedInterval: 480_000 / TIME_FACTOR,
      maxResetLockedInterval: 600_000 / TIME_FACTOR,
      taskList: {
        checkout: async (job, helpers) => {
          const orders = await purchase(job);
          await helpers.query(insert, [job.customerId, JSON.stringify(orders)]);
        },
      },
    });
    await runner.promise;
  },
  books: () =>
    withUtils(async (utils) => {
      await utils.withPgClient(async (pg) => {
        const { rows } = await pg.query('select customer, orders from purchases');
        const given = await pg.query('select 1 from graphile_worker.jobs where attempts >= max_attempts');
        const bought = rows.map(({ customer, orders }) => [customer, orders]);
        process.stdout.write(JSON.stringify({ bought, failed: given.rowCount }));
      });
    }),
};
await modes[process.argv[2]]();
