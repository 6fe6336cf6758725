/** The same as a function of the host that runs the worker: what the host does for a message is in it, what the worker does is not. */
import { app } from '@azure/functions';
import { type BareIo, bareEnv, bareIo } from './bare-io.ts';

let io: Promise<BareIo> | undefined;
/** A host's option that the library passes on, but does not type. */
const binary = { dataType: 'binary' };

app.serviceBusQueue('bare', {
  connection: 'ServiceBusConnection',
  queueName: '%CHECKOUT_QUEUE%',
  ...binary,
  handler: async (body: unknown) => {
    io ??= bareIo(bareEnv.parse(process.env));
    if (!(body instanceof Uint8Array)) throw new TypeError('the body is no bytes');
    await (await io).handle(body);
  },
});
app.hook.appTerminate(async () => {
  if (io !== undefined) await (await io).bus.close();
});
