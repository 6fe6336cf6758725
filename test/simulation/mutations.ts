/** A guard of the protocol, and how its source reads without it. */
export interface Mutation {
  /** What is left out. */
  readonly name: string;
  readonly file: string;
  /** Must be in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The scenario to begin with, where a random search would take long. */
  readonly scenario?: string;
  /** Why it may go unnoticed: a guard against what the model does not do. */
  readonly precaution?: string;
}

export const mutations: readonly Mutation[] = [];
