/** The floor: receive, the requests of `bare-io.ts`, complete, in a process with nothing else. */
import { bareEnv, bareIo } from './bare-io.ts';

const env = bareEnv.parse(process.env);
const { bus, handle } = await bareIo(env);
const receiver = bus.createReceiver(env.CHECKOUT_QUEUE, {
  skipParsingBodyAsJson: true,
  maxAutoLockRenewalDurationInMs: 0,
});
receiver.subscribe(
  {
    processMessage: async (message) => {
      await handle(message.body);
      await receiver.completeMessage(message);
    },
    processError: async ({ error }) => {
      process.stderr.write(`${error.message}\n`);
    },
  },
  { autoCompleteMessages: false, maxConcurrentCalls: env.BARE_CONCURRENCY },
);
process.send?.('ready');
process.once('SIGTERM', () => {
  void bus.close().then(() => process.exit(0));
});
