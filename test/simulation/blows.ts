/**
 * What can hit one port call, and with it the process that makes it:
 * - `before`, `after`: the process dies before / after the effect; no line of it runs any more, no catch, no finally;
 * - `fail`: no effect, and an error; `lost`: the effect, and an error;
 * - `echo`: the client's own retry after a lost answer: the request is made twice, the second answer comes back;
 * - `unlock`: the locks of all messages of the process are lost, its runs go on;
 * - `freeze`: the request leaves, then the process stands still for minutes; `delay`: it stands still before it leaves;
 * - `stop`: the host is told to stop: nothing new, and the process is killed within three seconds.
 */
export const blowKinds = [
  'before',
  'after',
  'fail',
  'lost',
  'echo',
  'unlock',
  'freeze',
  'delay',
  'stop',
] as const;
export type BlowKind = (typeof blowKinds)[number];

/** A port call of a run: `checkouts.get`, `queue.send`, `api.checkout`. */
export interface Called {
  readonly process: string;
  readonly name: string;
}

/**
 * Each port call with each kind that can end otherwise there than at another call of the list. Reading a table changes
 * nothing: to die after it is to die before it, to lose its answer is to fail, and a second answer is the first. Of
 * several such reads in a row, a process dies, stops or loses its locks at the first alone. The client of Partner Center
 * makes no request twice.
 */
export function singleBlows(calls: readonly Called[]): readonly Blow[] {
  const last = new Map<string, string>();
  return calls.flatMap(({ process, name }, at) => {
    const before = last.get(process);
    last.set(process, name);
    return kindsAt(name, before).map((kind) => ({ at, kind }));
  });
}

function kindsAt(name: string, before: string | undefined): readonly BlowKind[] {
  if (name.startsWith('api.')) return blowKinds.filter((kind) => kind !== 'echo');
  if (!isTableRead(name)) return blowKinds;
  return before !== undefined && isTableRead(before)
    ? ['fail', 'freeze', 'delay']
    : ['before', 'fail', 'unlock', 'freeze', 'delay', 'stop'];
}

const isTableRead = (name: string): boolean => /\.(?:get|rows)$/.test(name);

/**
 * How an exception of our own hits the n-th port call that deliveries make:
 * - `throw`: once;
 * - `bug`: from then on, each such call of this job throws, until nothing fails any more;
 * - `bugs`: the same, whatever the job.
 */
export const bugKinds = ['throw', 'bug', 'bugs'] as const;
export type BugKind = (typeof bugKinds)[number];

export const isBug = (kind: string): kind is BugKind => bugKinds.some((one) => one === kind);

/** At the n-th port call of the run; a bug at the n-th port call that its deliveries make. */
export interface Blow {
  readonly at: number;
  readonly kind: BlowKind | BugKind;
}

/** A run, told so that it can be told again: `scenario:seed` or `scenario:seed:12-before,40-lost`. */
export interface Schedule {
  readonly scenario: string;
  readonly seed: number;
  readonly blows: readonly Blow[];
}

export const scheduleText = ({ scenario, seed, blows }: Schedule): string =>
  [
    scenario,
    seed,
    ...(blows.length === 0 ? [] : [blows.map(({ at, kind }) => `${at}-${kind}`).join(',')]),
  ].join(':');

export function readSchedule(text: string): Schedule {
  const [scenario, seed, blows] = text.split(':');
  if (scenario === undefined || seed === undefined || !/^\d+$/.test(seed))
    throw new Error(`"${text}" is no schedule: scenario:seed or scenario:seed:12-before,40-lost`);
  return {
    scenario,
    seed: Number(seed),
    blows: blows === undefined ? [] : blows.split(',').map(readBlow),
  };
}

function readBlow(text: string): Blow {
  const [at, name] = text.split('-');
  const kind = [...blowKinds, ...bugKinds].find((known) => known === name);
  if (kind === undefined || !/^\d+$/.test(at ?? ''))
    throw new Error(
      `"${text}" is no blow: a number, "-", and one of ${[...blowKinds, ...bugKinds].join(', ')}`,
    );
  return { at: Number(at), kind };
}
