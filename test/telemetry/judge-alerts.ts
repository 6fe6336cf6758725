/** Judges each alert rule by the incidents of the bad run, and by its silence in the good one. */
import { type Alert, readRules, simulate } from './alert-simulation.ts';
import { type Incident, incidentsOf, madeIncidents } from './incidents.ts';
import type { Recording } from './recording.ts';
import { asRows } from './tables.ts';

export interface Judged {
  readonly alert: string;
  readonly where: Incident['where'];
  /** Whether its rows were recorded, or made from recorded ones. */
  readonly made: boolean;
  readonly fired: boolean;
  readonly firedAfterMinutes: number | undefined;
  readonly endedAfterMinutes: number | undefined;
  /** Mails that say that something began. */
  readonly mails: number;
  readonly silentInGoodRun: boolean;
  /** Alerts of this rule that belong to no incident. */
  readonly strays: number;
}

const minute = 60_000;

export function judgeAlerts(good: Recording, bad: Recording): readonly Judged[] {
  const rules = readRules(good.began);
  const [goodRows, badRows] = [asRows(good.rows), asRows(bad.rows)];
  const incidents = incidentsOf(bad);
  const made = madeIncidents(good, 6);
  return rules.flatMap((rule): readonly Judged[] => {
    // From an hour before the first telemetry on.
    const silentInGoodRun = simulate(rule, goodRows, good.began - 60 * minute, good.ended).length === 0;
    const own = incidents.filter(({ alert }) => alert === rule.name);
    const alerts = simulate(rule, badRows, bad.began - 60 * minute, bad.ended);
    const strays = alerts.filter((one) => !own.some((incident) => belongs(one, incident))).length;
    const judged = own.map((incident) => judge(incident, alerts, { made: false, silentInGoodRun, strays }));
    for (const incident of made.filter(({ alert }) => alert === rule.name)) {
      const raised = simulate(rule, asRows(incident.rows), good.began, good.began + 6 * 60 * minute);
      const all = strays + raised.filter((one) => !belongs(one, incident)).length;
      judged.push(judge(incident, raised, { made: true, silentInGoodRun, strays: all }));
    }
    return judged;
  });
}

const belongs = ({ dimensions, firedAt }: Alert, { where, began, cured }: Incident): boolean =>
  firedAt >= began &&
  firedAt <= cured + 15 * minute &&
  Object.entries(where).every(([name, wanted]) => dimensions[name] === wanted);

function judge(
  incident: Incident,
  alerts: readonly Alert[],
  more: Pick<Judged, 'made' | 'silentInGoodRun' | 'strays'>,
): Judged {
  const own = alerts.filter((one) => belongs(one, incident));
  const [first] = own;
  const ended = own.at(-1)?.endedAt;
  const minutes = (from: number, to: number | undefined) =>
    to === undefined ? undefined : Math.round((to - from) / minute);
  return {
    alert: incident.alert,
    where: incident.where,
    fired: first !== undefined,
    firedAfterMinutes: minutes(incident.began, first?.firedAt),
    endedAfterMinutes: minutes(incident.cured, ended),
    mails: own.length,
    ...more,
  };
}
