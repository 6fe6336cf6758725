/** The operator's page for a test: the stack with a worker, `partner-checkout ui` as a process of its own, and a browser. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Stack, startStack } from '../../local/stack.ts';
import { type CliChild, startCli } from '../support/cli.ts';

export interface OperatorPage {
  readonly stack: Stack;
  readonly ui: CliChild;
  /** As the terminal printed it, with the token. */
  readonly address: string;
  readonly origin: string;
  readonly browser: Browser;
  /** Signed in. */
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export const axeSource = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

const addressPattern = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/;

export interface OperatorPageOptions {
  readonly worker?: boolean;
  /** How the page reaches the tables, given their connection string. */
  readonly through?: (connectionString: string) => Promise<string>;
}

export async function openOperatorPage(
  appRoot: string,
  { worker = true, through = async (connectionString) => connectionString }: OperatorPageOptions = {},
): Promise<OperatorPage> {
  const folder = await mkdtemp(join(tmpdir(), 'checkout-ui-'));
  const stack = await startStack({ factor: 100, appRoot });
  if (worker) await stack.startWorker();
  await mkdir(join(folder, '.local'), { recursive: true });
  const settings = { ...stack.settings, TablesConnection: await through(stack.tables.connectionString) };
  const file = { pid: process.pid, settings, admin: stack.sandbox.admin };
  await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(file));
  const ui = startCli({ XDG_STATE_HOME: join(folder, 'state') }, ['ui'], { folder });
  const address = await printed(ui, addressPattern);
  const origin = new URL(address).origin;
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  return {
    stack,
    ui,
    address,
    origin,
    browser,
    context,
    async close() {
      await browser.close();
      ui.child.kill('SIGINT');
      await ui.ended;
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's Chromium. `.ci/run` installs it. */
const chromiumPath = (): string => process.env['CHROMIUM'] ?? '/usr/bin/chromium';

function printed({ child, ended }: CliChild, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (data) => {
      text += String(data);
      const [found] = pattern.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then(({ stderr }) => reject(new Error(`The page ended: ${stderr}`)));
  });
}

/** What axe-core finds wrong on a page, each as `rule: element`. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Evaluated by the browser's own tools, so the page's policy does not forbid it.
  await page.evaluate(axeSource);
  return page.evaluate<readonly string[]>(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
  );
}

/** How much the page's content moved since it was loaded, as browsers count it. */
export const layoutShift = (page: Page): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) sum += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
  })`);
