/** `drain`: the step before a release. It pauses the gate and waits until no paid call runs. */

import { setTimeout as sleep } from 'node:timers/promises';
import { cutText } from '../../domain/text.ts';
import { type Drained, drain } from '../../operator/release/drain.ts';
import { exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';
import type { Output } from '../session/output.ts';
import { inTime } from '../session/words.ts';

export const drainCommand = newCommand(
  'drain',
  'before a release: pauses, and waits until no paid call runs; resume afterwards',
  'npx partner-checkout drain "release of Monday"',
)
  .argument('[reason]', 'a reason for the others', 'a release')
  .action((reason: string, _options, command) =>
    inSession(command, async ({ output, operator, interrupted }) => {
      const { gateStore, who, config } = await operator();
      const drained = await drain(
        {
          gateStore,
          gateSettings: config.gate,
          times: config.times,
          sleep: (ms) => sleep(ms, undefined, { signal: interrupted }).catch(() => {}),
          interrupted,
          progress: (leftMs) =>
            output.progress(`No new call begins; waiting for calls that run: ${inTime(leftMs)}`),
        },
        cutText(reason.trim() || 'a release', 500),
        await who(),
      );
      return report(drained, output);
    }),
  );

function report(drained: Drained, output: Output): number {
  output.data(drained);
  switch (drained.kind) {
    case 'drained':
      output.line(
        `No call to Partner Center runs. Paused by ${drained.pausedBy}; waited ${inTime(drained.waitedMs)}. Deploy now.`,
      );
      output.line('Jobs wait in the queue and in the schedule. Next: npx partner-checkout resume');
      return exit.ok;
    case 'resumed':
      output.line(
        `${drained.by === '' ? 'Somebody' : drained.by} resumed meanwhile: calls may run. Do not deploy.`,
      );
      return exit.found;
    case 'interrupted':
      output.line(
        `Calls may still run for ${inTime(drained.leftMs)}. The gate stays paused; the same command waits on.`,
      );
      output.line('To let calls continue instead. Next: npx partner-checkout resume');
      return exit.interrupted;
  }
}
