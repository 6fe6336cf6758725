/**
 * `npm run pictures`: measures and draws the report of an empty, a good and a bad night, and draws the operator's page. `-- --check` draws
 * nothing, `-- --only-page` draws the operator's page alone.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportPage } from '../../src/operator/report/page.ts';
import { chromium, findChromium } from './chromium.ts';
import { figuresOfNight, nights } from './nights.ts';
import { drawOperatorPage } from './operator-picture.ts';

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, 'only-page': { type: 'boolean', default: false } },
});
const widths = [1_280, 390] as const;
/** Small enough to be mailed. */
const maxBytes = 200 * 1024;

const path = findChromium();
if (path === undefined) {
  console.log('Left out: no Chromium is installed here (Debian: apt-get install chromium).');
  // Where it is to be there, its absence is no pass.
  process.exit(process.env['CI'] === undefined ? 0 : 1);
}
const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const target = new URL('../../docs/pictures/', import.meta.url).pathname;
const problems: string[] = [];
try {
  for (const night of values['only-page'] ? [] : nights) {
    const page = reportPage(await figuresOfNight(night));
    problems.push(...contentProblems(night.name, page));
    for (const width of widths) {
      const size = await measured(path, page, width);
      if (size.width > width)
        problems.push(`${night.name}: ${size.width} px wide in a window of ${width} px`);
      console.log(`${night.name} at ${width} px: ${size.width} × ${size.height} px, ${page.length} bytes`);
      if (values.check) continue;
      await draw(path, page, `report-${night.name}-${width}`, width, size.height, false);
      if (night.name === 'bad' && width === 1_280)
        await draw(path, page, `report-${night.name}-${width}-dark`, width, size.height, true);
    }
  }
  if (!values.check) await drawOperatorPage(join(target, 'operator-page.png'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function contentProblems(name: string, page: string): string[] {
  const wrong: string[] = [];
  if (/<script|\son\w+=|javascript:/i.test(page)) wrong.push(`${name}: has a script`);
  if (/(src|href)=|url\(|@import/i.test(page)) wrong.push(`${name}: needs something from elsewhere`);
  if (page.length > maxBytes) wrong.push(`${name}: ${page.length} bytes, of ${maxBytes}`);
  return wrong;
}

/** A frame of the width that is asked for, in a window of any size: windows cannot be as narrow as a phone. */
function framed(page: string, width: number, height: number): string {
  const source = page.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<!doctype html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;display:block}</style>
<iframe width="${width}" height="${height}" srcdoc="${source}"></iframe>
<script>onload=()=>{const{scrollWidth:w,scrollHeight:h}=document.querySelector('iframe').contentDocument.documentElement;document.title=w+'x'+h}</script>`;
}

async function measured(browser: string, page: string, width: number) {
  const file = join(folder, 'measure.html');
  writeFileSync(file, framed(page, width, 100));
  const dom = await chromium(browser, ['--window-size=1400,900', '--dump-dom', `file://${file}`]);
  const [, w = '0', h = '0'] = /<title>(\d+)x(\d+)<\/title>/.exec(dom) ?? [];
  if (w === '0') throw new Error('The page could not be measured');
  return { width: Number(w), height: Number(h) };
}

async function draw(
  browser: string,
  page: string,
  name: string,
  width: number,
  height: number,
  dark: boolean,
) {
  const file = join(folder, 'draw.html');
  writeFileSync(file, width < 500 ? framed(page, width, height) : page);
  mkdirSync(target, { recursive: true });
  await chromium(browser, [
    `--window-size=${width},${height}`,
    `--screenshot=${join(target, `${name}.png`)}`,
    ...(dark ? ['--blink-settings=preferredColorScheme=0'] : []),
    `file://${file}`,
  ]);
}
