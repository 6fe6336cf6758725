// Runs in a folder of its own, where bullmq and ioredis were installed: node worker.js. Takes its orders from the environment.
import { readFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';

const { REDIS_PORT, TOKEN, LIMIT, WINDOW_MS, CONCURRENCY } = process.env;
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null };
const urls = JSON.parse(readFileSync('jobs.json', 'utf8'));
const queue = new Queue('checkout', { connection });
await queue.addBulk(urls.map((url) => ({ name: 'checkout', data: { url } })));

const worker = new Worker(
  'checkout',
  async (job) => {
    const answer = await fetch(job.data.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    await answer.arrayBuffer();
    if (answer.status !== 429) return;
    // As its documentation has it: the queue pauses for so long, and the job is no failure.
    await worker.rateLimit(Number(answer.headers.get('retry-after')) * 1_000);
    throw Worker.RateLimitError();
  },
  {
    connection,
    concurrency: Number(CONCURRENCY),
    limiter: { max: Number(LIMIT), duration: Number(WINDOW_MS) },
  },
);
process.on('SIGTERM', () => process.exit(0));
