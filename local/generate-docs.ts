import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import host from '../host.json' with { type: 'json' };
import { openApi } from '../src/api/openapi.ts';
import { eventSchema } from '../src/domain/events/event-schema.ts';
import { defaultGateSettings, workerShare } from '../src/domain/gate/gate-settings.ts';
import { messageSchema } from '../src/domain/message/message-schema.ts';
import { fleetOf } from './cost/fleet.ts';
import { readInputs } from './cost/inputs.ts';
import { costPage } from './cost/page.ts';
import { firstDeploymentPage } from './first-deployment/steps.ts';
import { settingsPage } from './settings-page.ts';
import { telemetryPage } from './telemetry-page.ts';
import { workbook } from './workbook.ts';

const fleet = fleetOf({
  callsPerMinute: defaultGateSettings.limitPerMinute,
  callsPerMinuteCeiling: defaultGateSettings.ceilingPerMinute,
  workerShare,
  jobsPerInstance: host.extensions.serviceBus.maxConcurrentCalls,
});

/** Files that are made from the code. `npm run docs` writes them; a test refuses a commit where they differ. */
export const generated: Readonly<Record<string, () => string>> = {
  'docs/cost.md': () => costPage(readInputs(join(import.meta.dirname, '..')), fleet),
  'docs/events.schema.json': () => `${JSON.stringify(eventSchema(), null, 2)}\n`,
  'docs/first-deployment.md': firstDeploymentPage,
  'docs/message-contract.schema.json': () => `${JSON.stringify(messageSchema(), null, 2)}\n`,
  'docs/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
  'docs/settings.md': settingsPage,
  'docs/telemetry.md': telemetryPage,
  'infra/workbook.json': workbook,
};

const root = new URL('../', import.meta.url);

export const readGenerated = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

if (import.meta.main)
  for (const [path, text] of Object.entries(generated)) await writeFile(new URL(path, root), text());
