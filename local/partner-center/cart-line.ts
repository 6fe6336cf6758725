/** A line as the client wrote it; fields that we do not use are kept and given back. */
export interface WantedLine {
  readonly catalogItemId: string;
  readonly quantity: number;
  readonly billingCycle?: string | undefined;
  readonly termDuration?: string | undefined;
  readonly friendlyName?: string | undefined;
  readonly [field: string]: unknown;
}

export interface CartLine extends WantedLine {
  readonly id: number;
  readonly billingCycle: string;
  readonly orderGroup: string;
  readonly error?: { errorCode: number; errorDescription: string; additionalInformation?: object };
}
