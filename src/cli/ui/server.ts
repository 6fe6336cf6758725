/**
 * The operator's page: a local web server with the operator's own settings and sign-in. `npx partner-checkout ui` starts it, and it ends
 * with the terminal. It listens on 127.0.0.1 alone; `access.ts` says who may use it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { decisions } from '../../domain/checkout/record.ts';
import { readJobKey } from '../../domain/message/job-key.ts';
import { cutText } from '../../domain/text.ts';
import { type Html, html } from '../../operator/report/html.ts';
import { UnreadableRecord } from '../../ports/ledger.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { CommandFailure } from '../session/cli-failure.ts';
import { newAccess } from './access.ts';
import { attentionBody, checkedBody, doneBody, filterIn, rowsBody, rowsOnPage } from './attention-pages.ts';
import {
  batchBody,
  batchesBody,
  batchProgress,
  countingBody,
  type JobsQuery,
  jobList,
  jobsSorts,
} from './batch-pages.ts';
import { bulkActions, type Desk, mostRows } from './desk.ts';
import { decisionBody, findBody, foundBody, jobBody, mentions } from './job-pages.ts';
import { layout, note } from './layout.ts';
import { type GateSample, overview, pauseForms } from './overview-page.ts';
import { style } from './ui-style.ts';

export interface UiServer {
  /** With the token: it works once. */
  readonly address: string;
  close(): Promise<void>;
}

const samplesKept = 720;

/** Starts the page on a free port. */
export async function startUi(desk: Desk): Promise<UiServer> {
  let host = '';
  const access = newAccess(() => host);
  const app = pages(desk, access.guard);
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The page listens on no port.');
  host = `127.0.0.1:${bound.port}`;
  return {
    address: `http://${host}/?token=${access.token}`,
    close: () =>
      new Promise((resolve) => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Every address of the page. Addresses that end a sentence of their own answer a fragment, the others a whole page. */
function pages(desk: Desk, guard: MiddlewareHandler): Hono {
  const app = new Hono();
  app.use('*', guard);
  app.onError((error, context) => failed(context, error));
  app.notFound((context) =>
    context.html(layout({ title: 'Not found', at: '', body: note('There is no such page.') }), 404),
  );
  assets(app);
  overviewRoutes(app, desk);
  batchRoutes(app, desk);
  attentionRoutes(app, desk);
  jobRoutes(app, desk);
  return app;
}

function assets(app: Hono): void {
  const htmx = readFileSync(createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js'));
  app.get('/assets/htmx.js', (context) =>
    context.body(new Uint8Array(htmx), 200, { 'Content-Type': 'text/javascript' }),
  );
  app.get('/assets/style.css', (context) => context.body(style, 200, { 'Content-Type': 'text/css' }));
  app.get('/assets/icon.svg', (context) => context.body(icon, 200, { 'Content-Type': 'image/svg+xml' }));
}

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2f7d5b"/><path d="M4 8l3 3 5-6" fill="none" stroke="#fff" stroke-width="2"/></svg>';

function overviewRoutes(app: Hono, desk: Desk): void {
  const samples: GateSample[] = [];
  const read = async (which: 'all' | 'refresh'): Promise<readonly [Html, boolean]> => {
    const [status, now] = [await desk.status(which), Date.now()];
    if ('lanes' in status.gate) {
      const { worker, poller } = status.gate.lanes;
      samples.push({
        at: now,
        used: worker.used + poller.used,
        limit: worker.limit + poller.limit,
        open: status.gate.open,
      });
      if (samples.length > samplesKept) samples.shift();
    }
    return [overview(status, samples, now), 'pausedBy' in status.gate];
  };
  app.get('/', async (context) => {
    const [cards, isPaused] = await read('all');
    const body = html`${cards}${pauseForms(await desk.who(), isPaused)}`;
    return context.html(layout({ title: 'Overview', at: '/', body }));
  });
  app.get('/overview', async (context) => context.html((await read('refresh'))[0].html));
  app.post('/pause', async (context) => {
    const form = await formOf(context);
    const reason = (form.get('reason') ?? '').trim();
    if (reason === '' || form.get('sure') !== 'yes')
      return context.html(pauseForms(await desk.who(), false).html);
    await desk.pause(cutText(reason, 500));
    return context.html(pauseForms(await desk.who(), true).html);
  });
  app.post('/resume', async (context) => {
    await desk.resume();
    return context.html(pauseForms(await desk.who(), false).html);
  });
}

function batchRoutes(app: Hono, desk: Desk): void {
  app.get('/batches', async (context) =>
    context.html(
      layout({ title: 'Batches', at: '/batches', body: batchesBody(await desk.batches(), Date.now()) }),
    ),
  );
  app.get('/batches/one', async (context) => {
    const batchId = textIn(context, 'id');
    const reading = desk.batch(batchId);
    const isReady = await Promise.race([reading.then(() => true), wait(firstLookMs, false)]);
    if (!isReady) {
      reading.catch(() => {});
      const body = countingBody(batchId, desk.linesRead(batchId));
      return context.html(layout({ title: `Batch ${batchId}`, at: '/batches', body }));
    }
    const batch = await reading;
    const failures = batch === undefined ? [] : await desk.attentionGroups({ batchId });
    const body = batchBody(batchId, batch, failures, jobsQueryIn(context), Date.now());
    return context.html(
      layout({ title: `Batch ${batchId}`, at: '/batches', body }),
      batch === undefined ? 404 : 200,
    );
  });
  app.get('/batches/counting', async (context) => {
    const batchId = textIn(context, 'id');
    const reading = desk.batch(batchId);
    if (await Promise.race([reading.then(() => true), wait(0, false)])) context.header('HX-Refresh', 'true');
    else reading.catch(() => {});
    return context.html(countingBody(batchId, desk.linesRead(batchId)).html);
  });
  app.get('/batches/progress', async (context) => {
    const batch = await desk.batch(textIn(context, 'id'));
    return context.html((batch === undefined ? gone : batchProgress(batch, Date.now())).html);
  });
  app.get('/batches/jobs', async (context) => {
    const batchId = textIn(context, 'id');
    const batch = await desk.batch(batchId);
    return context.html((batch === undefined ? gone : jobList(batchId, batch, jobsQueryIn(context))).html);
  });
  app.get('/batches/results.csv', async (context) => {
    const lines = await desk.csvLines(textIn(context, 'id'));
    return context.body(ReadableStream.from(encoded(lines)), 200, {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="results.csv"',
    });
  });
  app.get('/batches/report', async (context) => {
    // The report brings its own style, so it has a policy of its own.
    const page = await desk.report(textIn(context, 'id'));
    return context.html(page, 200, {
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    });
  });
}

/** A batch that is read in this time is shown at once. Otherwise the page says how far the reading is. */
const firstLookMs = 1_500;

const gone = note('Nothing is known of this batch.', 'error');

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const line of lines) yield encoder.encode(line);
}

function jobsQueryIn({ req }: Context): JobsQuery {
  const page = Number(req.query('page') ?? '1');
  return {
    state: req.query('state') ?? '',
    sort: jobsSorts.find((sort) => sort === req.query('sort')) ?? 'newest',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

function attentionRoutes(app: Hono, desk: Desk): void {
  app.get('/attention', async (context) => {
    const filter = filterIn((name) => context.req.query(name));
    const body = attentionBody(await desk.attentionGroups(filter), Date.now());
    return context.html(layout({ title: 'Attention', at: '/attention', body }));
  });
  app.get('/attention/rows', async (context) => {
    const filter = filterIn((name) => context.req.query(name));
    const { page } = jobsQueryIn(context);
    const title = [filter.kind ?? 'Attention', filter.code ?? '', filter.batchId ?? ''].join(' ').trim();
    const body = rowsBody(filter, await desk.attentionRows(filter), page, Date.now());
    return context.html(layout({ title, at: '/attention', body }));
  });
  app.post('/attention/check', async (context) => {
    const form = await formOf(context);
    const action = bulkActions.find((one) => one === form.get('action'));
    if (action === undefined) return context.html(note('No action was chosen.', 'error').html, 400);
    const chosen = form.getAll('key');
    const filter = filterIn((name) => form.get(name) ?? undefined);
    // Whoever chose rows means these, even if the box for all is still set.
    const keys =
      chosen.length > 0
        ? chosen.slice(0, rowsOnPage)
        : form.get('all') === 'yes'
          ? (await desk.attentionRows(filter)).slice(0, mostRows).map(({ key }) => key)
          : [];
    const results = await desk.act(action, keys, true);
    return context.html(checkedBody(action, keys, results, await desk.who()).html);
  });
  app.post('/attention/do', async (context) => {
    const form = await formOf(context);
    const action = bulkActions.find((one) => one === form.get('confirmed'));
    if (action === undefined) return context.html(note('No action was confirmed.', 'error').html, 400);
    const results = await desk.act(action, form.getAll('ready').slice(0, mostRows), false);
    return context.html(doneBody(action, results, await desk.who()).html);
  });
}

function jobRoutes(app: Hono, desk: Desk): void {
  app.get('/jobs', async (context) => {
    const given = { customer: textIn(context, 'customer').trim(), what: textIn(context, 'what').trim() };
    const key = readJobKey(given.customer);
    if (key !== undefined) return context.redirect(`/jobs/one?key=${encodeURIComponent(key)}`, 303);
    const found = await findIn(desk, given.customer.toLowerCase(), given.what);
    return context.html(layout({ title: 'Find a job', at: '/jobs', body: findBody(given, found) }));
  });
  app.get('/jobs/one', async (context) => {
    const key = readJobKey(textIn(context, 'key'));
    const sheet = key === undefined ? undefined : await desk.job(key);
    const body =
      sheet === undefined
        ? note('Nothing is known of this job: its message was not taken yet, or it was never sent.')
        : jobBody(sheet, Date.now());
    return context.html(layout({ title: 'Job', at: '/jobs', body }), sheet === undefined ? 404 : 200);
  });
  app.post('/jobs/decide', async (context) => {
    const form = await formOf(context);
    const key = readJobKey(form.get('key'));
    const decision = decisions.find((one) => one === form.get('decision'));
    if (key === undefined || decision === undefined || form.get('sure') !== 'yes')
      return context.html(
        note('Nothing was decided. Choose a decision and say that you are sure.', 'error').html,
        400,
      );
    if (decision === 'retry') {
      const [result] = await desk.act('retry', [key], false);
      return context.html((result === undefined ? gone : decisionBody(result)).html);
    }
    const orderIds = (decision === 'orders' ? (form.get('orders') ?? '') : '')
      .split(',')
      .map((id) => id.trim());
    const resolution = { decision, orderIds: [...new Set(orderIds.filter((id) => id !== ''))] };
    const result = await desk.resolve(key, resolution, Number(form.get('revision')));
    return context.html(decisionBody(result).html);
  });
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function findIn(desk: Desk, customerId: string, what: string): Promise<Html> {
  if (customerId === '')
    return note('Give the customer id and one more thing that you know, or the whole job key.');
  if (!guid.test(customerId))
    return note('A customer id is a GUID, for example 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10.', 'error');
  const { records, unreadable } = await desk.customerJobs(customerId);
  return foundBody(
    what === '' ? records : records.filter((record) => mentions(record, what)),
    unreadable.length,
    Date.now(),
  );
}

const failed = (context: Context, error: Error): Response | Promise<Response> => {
  const isKnown =
    error instanceof Unavailable || error instanceof UnreadableRecord || error instanceof CommandFailure;
  const words = isKnown ? error.message : `The page met a bug: ${error.message}`;
  const body = note(words, 'error');
  if (context.req.header('HX-Request') === 'true') return context.html(body.html, 500);
  return context.html(layout({ title: 'Something failed', at: '', body }), 500);
};

/** A query parameter, cut to what any id can be. */
const textIn = ({ req }: Context, name: string): string => cutText(req.query(name) ?? '', 500);

/** Text fields alone: a file is no field of this page. */
async function formOf({ req }: Context): Promise<URLSearchParams> {
  return new URLSearchParams(await req.text());
}
