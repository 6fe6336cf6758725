/** `partner-checkout ui`: the operator's page on this machine, with the operator's own settings and sign-in. */
import { once } from 'node:events';
import { exit } from '../session/cli-failure.ts';
import { inSession, newCommand } from '../session/command.ts';

export const uiCommand = newCommand(
  'ui',
  'a local page: overview, batches, attention, jobs, pause and resume. It ends with Ctrl-C',
  'npx partner-checkout ui',
).action((_options, command) =>
  inSession(command, async (session) => {
    const { output, interrupted, settings } = session;
    const { from } = settings();
    // Loaded here: the other commands need no web server.
    const { openDesk } = await import('../ui/desk.ts');
    const { startUi } = await import('../ui/server.ts');
    const ui = await startUi(openDesk(session));
    output.line(`The operator's page for ${from}. Open this address; it works once:`);
    output.line(ui.address);
    output.note('Ctrl-C ends it.');
    output.data({ address: ui.address });
    if (!interrupted.aborted) await once(interrupted, 'abort');
    await ui.close();
    return exit.ok;
  }),
);
