/** How far a server's clock is ahead of ours: between these two, in ms. */
export interface Skew {
  readonly low: number;
  readonly high: number;
}

/** One answer of a server: its `Date` header (whole seconds), and when we sent and received, by our clock. Epoch ms. */
export interface DatedAnswer {
  readonly date: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface ClockSkew {
  /** Undefined until two answers agree. */
  measured(): Skew | undefined;
}

/** How fast two clocks may part: 100 µs a second. */
const drift = 1e-4;

interface Measured extends Skew {
  readonly seenAt: number;
  /** Whether a second answer has confirmed it. */
  readonly agreed: boolean;
}

/** What one more answer makes of the skew. An answer that contradicts the others starts anew, and needs a second one. */
export function withAnswer(known: Measured | undefined, { date, sentAt, receivedAt }: DatedAnswer): Measured {
  const low = date - receivedAt;
  const high = date + 1_000 - sentAt;
  if (known === undefined) return { low, high, seenAt: receivedAt, agreed: false };
  const apart = drift * Math.abs(receivedAt - known.seenAt);
  const both = { low: Math.max(low, known.low - apart), high: Math.min(high, known.high + apart) };
  return both.low <= both.high
    ? { ...both, seenAt: receivedAt, agreed: true }
    : { low, high, seenAt: receivedAt, agreed: false };
}

/** Compares our clock with a server's, answer by answer. */
export function clockSkew(now: () => number): ClockSkew & { observe(answer: DatedAnswer): void } {
  let known: Measured | undefined;
  return {
    observe: (answer) => {
      if (Number.isFinite(answer.date) && answer.receivedAt >= answer.sentAt)
        known = withAnswer(known, answer);
    },
    measured: () => {
      if (known?.agreed !== true) return undefined;
      const apart = drift * Math.abs(now() - known.seenAt);
      return { low: Math.floor(known.low - apart), high: Math.ceil(known.high + apart) };
    },
  };
}
