/** By how many ms another clock is ahead of ours: between these two. */
export interface SkewBounds {
  readonly low: number;
  readonly high: number;
}
