// BullMQ with its own limiter: node bullmq.js enqueue|work|books. Where it is given in seconds, TIME_FACTOR divides its default.
import { readFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { purchase, Throttled } from './purchase.js';

const { SERVER_PORT, CONCURRENCY, TIME_FACTOR, LIMIT, WINDOW_MS } = process.env;
const connection = { host: '127.0.0.1', port: Number(SERVER_PORT), maxRetriesPerRequest: null };
/** Long beside the pauses of a busy machine: a lock that is lost between two renewals would be the bench's fault. */
const lockMs = Math.max(5_000, 30_000 / TIME_FACTOR);
const limiter = LIMIT === undefined ? {} : { limiter: { max: Number(LIMIT), duration: Number(WINDOW_MS) } };

const modes = {
  async enqueue() {
    const queue = new Queue('checkout', { connection });
    const opts = { attempts: 10, backoff: { type: 'exponential', delay: 1_000 / TIME_FACTOR } };
    const jobs = JSON.parse(readFileSync('jobs.json', 'utf8'));
    await queue.addBulk(jobs.map((data) => ({ name: 'checkout', data, opts })));
    await queue.close();
  },
  async work() {
    const worker = new Worker(
      'checkout',
      async (job) => {
        try {
          return await purchase(job.data);
        } catch (error) {
          if (!(error instanceof Throttled)) throw error;
          // As its documentation has it: the queue pauses for so long, and the job is no failure.
          await worker.rateLimit(error.retryAfterMs);
          throw Worker.RateLimitError();
        }
      },
      {
        connection,
        concurrency: Number(CONCURRENCY),
        lockDuration: lockMs,
        stalledInterval: lockMs,
        ...limiter,
      },
    );
    worker.on('error', console.error);
  },
  async books() {
    const queue = new Queue('checkout', { connection });
    const done = await queue.getCompleted(0, -1);
    const bought = done.map(({ data, returnvalue }) => [data.customerId, returnvalue]);
    process.stdout.write(JSON.stringify({ bought, failed: await queue.getFailedCount() }));
    await queue.close();
  },
};
await modes[process.argv[2]]();
