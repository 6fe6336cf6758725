import type { RoleAssignment } from '../../src/ports/role-assignments.ts';

/** Role assignments take this long to be in force; azure-dev 8026 saw about a minute. */
export const rolesTakeMs = 3 * 60_000;

/** Milliseconds until the newest of them is old enough; 0: none is new. */
export function untilRolesHold(found: readonly RoleAssignment[], now: number): number {
  const newest = Math.max(0, ...found.map(({ createdAt }) => createdAt));
  return Math.max(0, newest + rolesTakeMs - now);
}
