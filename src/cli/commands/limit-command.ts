/** `limit`: shows and sets how many calls a minute the gate allows. */
import { describeValue } from '../../domain/looks-like.ts';
import { limitRange, setLimit, viewGate } from '../../operator/pause-gate.ts';
import { CommandFailure, exit } from '../session/cli-failure.ts';
import { inSession, newCommand, type Session } from '../session/command.ts';
import { clockTime } from '../session/words.ts';

export const limitCommand = newCommand(
  'limit',
  'sets how many calls a minute the gate allows now, for example after another tool has stopped; without a number shows it',
  'npx partner-checkout limit\n  npx partner-checkout limit 300',
)
  .argument('[calls]', 'calls a minute, for all lanes')
  .action((calls: string | undefined, _options, command) =>
    inSession(command, (session) => run(session, calls)),
  );

async function run({ output, operator }: Session, calls: string | undefined): Promise<number> {
  const { gateStore, config, who, now } = await operator();
  const { least, most } = limitRange(config.gate);
  if (calls === undefined) {
    const { limit, limitSet } = await viewGate(gateStore, config.gate);
    const by =
      limitSet === undefined
        ? ''
        : ` ${limitSet.who} set it to ${limitSet.perMinute}, ${clockTime(limitSet.at, now())}.`;
    output.line(`${limit} calls a minute. The worker adapts it between ${least} and ${most}.${by}`);
    output.data({ limit, least, most, set: limitSet });
    return exit.ok;
  }
  const perMinute = /^\d{1,6}$/.test(calls) ? Number(calls) : Number.NaN;
  if (!(perMinute >= least && perMinute <= most))
    throw new CommandFailure(
      exit.usage,
      `The limit must be a whole number from ${least} to ${most} calls a minute; it is ${describeValue(calls)}. ${most} is the setting CALLS_PER_MINUTE_CEILING.`,
    );
  const name = await who();
  const before = await setLimit(gateStore, perMinute, name);
  output.line(
    `The limit was ${before} calls a minute and is now ${perMinute}, set by ${name}. It grows and shrinks from there, as Partner Center answers.`,
  );
  output.data({ limit: perMinute, before, by: name });
  return exit.ok;
}
