/** The port `QueueStatus`: counts and settings of a queue, for `status` and `doctor`. */

import { ServiceBusAdministrationClient } from '@azure/service-bus';
import type { Connection } from '../../config/config.ts';
import { withoutDot } from '../../domain/sentence.ts';
import { cutText, messageOf } from '../../domain/text.ts';
import type { QueueStatus } from '../../ports/queue-status.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { azureIdentity } from '../azure-tables/azure-identity.ts';
import { durationMs } from './iso-duration.ts';

/** `QueueStatus` by the administration client: it needs the right to manage the queue (or its namespace). */
export function queueAdmin(connection: Connection, queue: string): QueueStatus {
  const client =
    connection.kind === 'identity'
      ? new ServiceBusAdministrationClient(connection.address, azureIdentity(connection.clientId))
      : new ServiceBusAdministrationClient(connection.connectionString);
  const limit = () => ({ abortSignal: AbortSignal.timeout(15_000) });
  return {
    async counts() {
      const found = await client.getQueueRuntimeProperties(queue, limit()).catch(failed(queue));
      return {
        active: found.activeMessageCount,
        scheduled: found.scheduledMessageCount,
        dead: found.deadLetterMessageCount,
      };
    },
    async settings() {
      // Not `queueExists`: it takes every failure for a queue that is not there.
      const found = await client.getQueue(queue, limit()).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        return failed(queue)(error);
      });
      if (found === undefined) return undefined;
      return {
        lock: toMs(found.lockDuration),
        maxDeliveryCount: found.maxDeliveryCount,
        timeToLive: toMs(found.defaultMessageTimeToLive),
        deadLettersExpired: found.deadLetteringOnMessageExpiration,
        duplicateDetection: found.requiresDuplicateDetection,
        sessions: found.requiresSession,
        enabled: found.status === 'Active',
      };
    },
  };
}

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  (('statusCode' in error && error.statusCode === 404) ||
    ('code' in error && error.code === 'MessageEntityNotFoundError'));

/** For ever is written as a length of ten million days. */
const toMs = (duration: string): number => durationMs(duration) ?? Number.POSITIVE_INFINITY;

function failed(queue: string): (error: unknown) => never {
  return (error) => {
    const fields = typeof error === 'object' && error !== null ? error : {};
    const status = 'statusCode' in fields && fields.statusCode !== undefined ? `${fields.statusCode} ` : '';
    const code = 'code' in fields && fields.code !== undefined ? `${fields.code}: ` : '';
    const [why = ''] = messageOf(error).split('\n');
    const advice =
      status === '401 ' || status === '403 '
        ? ' It needs the role "Azure Service Bus Data Owner", or "Reader" for the counts in the portal.'
        : '';
    throw new Unavailable(
      'queue',
      `The settings of queue ${queue} could not be read: ${status}${code}${withoutDot(cutText(why, 300))}.${advice}`,
    );
  };
}
