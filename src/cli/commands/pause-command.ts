/** `pause` and `resume`: a person closes and opens the gate. */
import { cutText } from '../../domain/text.ts';
import { pauseGate, resumeGate } from '../../operator/pause-gate.ts';
import { timeToCome } from '../session/arguments.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';

export const pauseCommand = newCommand(
  'pause',
  'stops all calls to Partner Center, with a reason and your name, until that time or until somebody resumes',
  'npx partner-checkout pause "portal maintenance" --until 04:00',
)
  .argument('<reason>', 'a reason for the others')
  .option(
    '--until <time>',
    'the pause ends at this local time (04:00) or at this instant (2026-11-24T04:00:00Z)',
  )
  .action((reason: string, options: { until?: string }, command) =>
    inSession(command, async ({ output, operator }) => {
      if (reason.trim() === '')
        throw new CommandFailure(
          exit.usage,
          'A pause needs a reason, so that others know why no job is checked out.',
        );
      const { gateStore, who, clock } = await operator();
      const end = options.until === undefined ? undefined : timeToCome('--until', options.until, clock.now());
      const name = await who();
      await pauseGate(gateStore, {
        who: name,
        reason: cutText(reason.trim(), 500),
        ...(end === undefined ? {} : { until: end.at }),
      });
      output.line(`Paused by ${name}: ${reason}. Calls under way end; no new call begins after 2 s.`);
      output.line(
        end === undefined
          ? 'Jobs wait until somebody resumes. Next: npx partner-checkout resume'
          : `Jobs wait until ${end.text}. To end it sooner: npx partner-checkout resume`,
      );
      if (end?.note !== undefined) output.line(end.note);
      output.data({ paused: true, by: name, reason, ...(end === undefined ? {} : { until: end.at }) });
      return exit.ok;
    }),
  );

export const resumeCommand = newCommand(
  'resume',
  'ends a pause; if the gate waits for a trial call, allows one',
  'npx partner-checkout resume',
).action((_options, command) =>
  inSession(command, async ({ output, operator }) => {
    const { gateStore, who } = await operator();
    const name = await who();
    await resumeGate(gateStore, name);
    output.line(`Resumed by ${name}. Next: npx partner-checkout status`);
    output.data({ paused: false, by: name });
    return exit.ok;
  }),
);
