/** How the worker's own sends reach Service Bus: as host.json says for the triggers. The composition root asks. */
import * as z from 'zod/mini';
import hostFile from '../host.json' with { type: 'json' };

const hostShape = z.object({
  extensions: z.object({ serviceBus: z.object({ transportType: z.optional(z.string()) }) }),
});

/**
 * Whether `extensions.serviceBus.transportType` is `amqpWebSockets`; the host reads that word in any case. Triggers alone on port 443
 * would be of no use: a job that has to wait is sent again by the worker.
 */
export const sendsByWebSockets = (): boolean =>
  hostShape.safeParse(hostFile).data?.extensions.serviceBus.transportType?.toLowerCase() === 'amqpwebsockets';
