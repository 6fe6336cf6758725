/** `doctor`: examines everything that the worker depends on. */
import { type Check, examine, type QueueAccess } from '../../operator/doctor.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { openPartnerCenter, signInOption } from '../session/partner-center-session.ts';
import { ownVersion } from '../session/version.ts';

export const doctorCommand = newCommand(
  'doctor',
  'checks everything that the worker depends on, and says how to correct what is wrong',
  'npx partner-checkout doctor --settings <(azd env get-values)',
)
  .addOption(signInOption())
  .action((options: { signIn?: true }, command) =>
    inSession(command, (session) => run(session, options.signIn === true)),
  );

async function run(session: Session, signIn: boolean): Promise<number> {
  const { output, operator, queues } = session;
  const { config, clock, pollerTrace, ...others } = await operator();
  const { bus, queueStatus, urgentStatus } = await queues();
  const { queue, urgentQueue } = config.serviceBus;
  const token = await tokenOf(session, signIn);
  const access = (name: string, setting: string, status: typeof queueStatus): QueueAccess => {
    const receiver = bus.createReceiver(name);
    const sender = bus.createSender(name);
    return {
      name,
      setting,
      status,
      peek: () => receiver.peekMessages(1),
      openSender: () => sender.createMessageBatch(),
    };
  };
  const checks = await examine({
    ...others,
    config,
    queues: [access(queue, 'CHECKOUT_QUEUE', queueStatus), access(urgentQueue, 'URGENT_QUEUE', urgentStatus)],
    now: clock.now,
    token,
    notices: async () => (await pollerTrace()).notices,
    versions: { node: process.versions.node, own: ownVersion() },
  });
  for (const check of checks) output.line(lineOf(check, output.paint));
  output.data({ checks });
  if (token === undefined) return exit.cannot;
  return checks.every(({ status }) => status === 'ok') ? exit.ok : exit.found;
}

/** Undefined: there is no credential. */
async function tokenOf(session: Session, signIn: boolean): Promise<(() => Promise<unknown>) | undefined> {
  try {
    const { tokens } = await openPartnerCenter(session, signIn);
    return () => tokens.token({ renew: true });
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}

const colours = { ok: 'green', wrong: 'red', unknown: 'yellow' } as const;

function lineOf({ name, status, found, remedy }: Check, paint: Session['output']['paint']): string {
  const line = `${paint(colours[status], status.padEnd(8))}${name.padEnd(44)}${found}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(8)}${remedy}`;
}
