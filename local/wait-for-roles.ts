/** The hook after `azd provision`: waits until new role assignments are in force, so that the first `azd deploy` is not refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { listRoleAssignments } from '../src/adapters/resource-manager/role-assignment-list.ts';
import { deployed } from './deployment/azd-environment.ts';
import { untilRolesHold } from './deployment/roles-in-force.ts';

try {
  const { manager, group } = deployed(process.env);
  const ms = untilRolesHold(await listRoleAssignments(manager, group), Date.now());
  if (ms > 0)
    console.log(`New role assignments: waiting ${Math.ceil(ms / 1_000)} s until they are in force.`);
  await sleep(ms);
} catch (error) {
  // Only a convenience: a deployment that comes too early can be repeated.
  console.error(`Not waited for role assignments: ${error instanceof Error ? error.message : error}`);
}
