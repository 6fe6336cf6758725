import { cutText } from '../../domain/text.ts';
import { pauseGate, resumeGate } from '../../operator/pause-gate.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';

export const pauseCommand = newCommand(
  'pause',
  'closes the gate, with a reason and your name: nobody calls Partner Center until somebody resumes',
  'npx partner-checkout pause "portal is down for maintenance, back at 04:00"',
)
  .argument('<reason>', 'what the others should know')
  .action((reason: string, _options, command) =>
    inSession(command, async ({ output, operator }) => {
      if (reason.trim() === '')
        throw new CommandFailure(
          exit.usage,
          'A pause needs a reason: the others wonder why nothing goes on.',
        );
      const { gateStore, who } = await operator();
      const name = await who();
      await pauseGate(gateStore, cutText(reason.trim(), 500), name);
      output.line(`Paused by ${name}: ${reason}. Calls under way end; no new one begins after 2 s.`);
      output.line('Jobs wait in the queue. Next: npx partner-checkout resume');
      output.data({ paused: true, by: name, reason });
      return exit.ok;
    }),
  );

export const resumeCommand = newCommand(
  'resume',
  'opens what a person paused, and lets one call through where the gate waits for one',
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
