/** `doctor`: examines everything that the worker depends on. */

import { azureIdentity } from '../../adapters/azure-tables/azure-identity.ts';
import { resourceManager } from '../../adapters/resource-manager/resource-manager.ts';
import { listRoleAssignments } from '../../adapters/resource-manager/role-assignment-list.ts';
import { decodeDeployment } from '../../config/deployment.ts';
import { type Check, examine, type QueueAccess, type Rights } from '../../operator/doctor.ts';
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
    rights: rightsOf(session),
    versions: { node: process.versions.node, own: ownVersion() },
  });
  for (const check of checks) output.line(lineOf(check, output.paint));
  output.data({ checks });
  return exitFor(checks);
}

const codes = { ok: exit.ok, wrong: exit.found, unknown: exit.cannot } as const;

/** What is wrong comes first: what could not be looked at changes nothing about it. */
function exitFor(checks: readonly Check[]): number {
  const found = new Set(checks.map(({ status }) => status));
  return codes[(['wrong', 'unknown'] as const).find((status) => found.has(status)) ?? 'ok'];
}

function rightsOf(session: Session): Rights | undefined {
  const deployment = decodeDeployment(session.settings().env);
  if (deployment === undefined || 'missing' in deployment) return deployment;
  const manager = resourceManager(deployment.endpoint, azureIdentity(undefined));
  return { ...deployment, list: () => listRoleAssignments(manager, deployment.group) };
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
