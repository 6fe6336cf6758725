export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One structured event for each finished job, poll tick, gate change and attention row. Never holds a secret. */
export interface Telemetry {
  event(name: EventName, fields: Fields): void;
  /** Something that a person should know of, though the work goes on. */
  warn(message: string, fields?: Fields): void;
}

export type EventName =
  | 'JobFinished'
  | 'JobParked'
  /** A person's decision met a record that had gone on. */
  | 'DecisionOvertaken'
  | 'JobRejected'
  | 'AttentionOpened'
  | 'AttentionClosed'
  | 'OrderFinished'
  | 'PollTick'
  | 'GateChanged'
  | 'CallMade'
  | 'TokenRefreshed';
