/**
 * Promise: the broker reads the configuration of Microsoft's emulator, and refuses what it cannot do with
 * the path of the field.
 */

import { expect, test } from 'vitest';
import { startBroker } from '../../local/service-bus/broker.ts';
import { BrokerConfigError, decodeConfig, durationMs } from '../../local/service-bus/config.ts';

const withQueue = (queue: unknown) => ({ UserConfig: { Namespaces: [{ Name: 'n', Queues: [queue] }] } });
const withProperties = (properties: object) => withQueue({ Name: 'q', Properties: properties });
const queue = 'UserConfig.Namespaces[0].Queues[0]';

test.each([
  ['PT5M', 300_000],
  ['PT0.5S', 500],
  ['P14D', 14 * 86_400_000],
  ['P1DT2H3M4.005S', 93_784_005],
  ['P2W', 14 * 86_400_000],
  ['P', undefined],
  ['PT', undefined],
  ['P1Y', undefined],
  ['5M', undefined],
  ['-PT5M', undefined],
])('%s lasts %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test("the configuration of Microsoft's emulator is read as it is", () => {
  const settings = {
    DeadLetteringOnMessageExpiration: true,
    DefaultMessageTimeToLive: 'PT1H',
    DuplicateDetectionHistoryTimeWindow: 'PT20S',
    ForwardDeadLetteredMessagesTo: '',
    ForwardTo: '',
    LockDuration: 'PT1M',
    MaxDeliveryCount: 3,
    RequiresDuplicateDetection: false,
    RequiresSession: false,
  };
  const decoded = decodeConfig({
    UserConfig: {
      Namespaces: [
        {
          Name: 'sbemulatorns',
          Queues: [{ Name: 'queue.1', Properties: settings }, { Name: 'plain' }],
          Topics: [
            {
              Name: 'topic.1',
              Properties: { DefaultMessageTimeToLive: 'PT2H', RequiresDuplicateDetection: false },
              Subscriptions: [{ Name: 'all', Properties: { LockDuration: 'PT30S' } }],
            },
          ],
        },
      ],
      Logging: { Type: 'File' },
    },
  });
  const forever = Number.POSITIVE_INFINITY;
  const plain = {
    lockDuration: 60_000,
    maxDeliveryCount: 10,
    timeToLive: forever,
    deadLetterOnExpiration: false,
  };
  expect(decoded).toEqual({
    queues: [
      {
        name: 'queue.1',
        settings: {
          lockDuration: 60_000,
          maxDeliveryCount: 3,
          timeToLive: 3_600_000,
          deadLetterOnExpiration: true,
        },
      },
      { name: 'plain', settings: plain },
    ],
    topics: [
      {
        name: 'topic.1',
        timeToLive: 7_200_000,
        subscriptions: [{ name: 'all', settings: { ...plain, lockDuration: 30_000 } }],
      },
    ],
  });
});

test.each([
  [undefined, 'config', 'an object is expected'],
  [{}, 'config.UserConfig', 'is missing'],
  [{ UserConfig: { Namespaces: [] } }, 'UserConfig.Namespaces', 'exactly one namespace'],
  [{ UserConfig: { Namespaces: [{ Name: 'n', Queue: [] }] } }, 'UserConfig.Namespaces[0].Queue', 'unknown'],
  [withQueue({ Name: '' }), `${queue}.Name`, 'letters'],
  [withQueue({ Name: 'q/$DeadLetterQueue' }), `${queue}.Name`, 'letters'],
  [withProperties({ LockDuration: 'five minutes' }), `${queue}.Properties.LockDuration`, 'ISO 8601'],
  [withProperties({ LockDuration: 'PT0S' }), `${queue}.Properties.LockDuration`, 'ISO 8601'],
  [withProperties({ LockDuration: 'PT6M' }), `${queue}.Properties.LockDuration`, 'at most PT5M'],
  [withProperties({ MaxDeliveryCount: 0 }), `${queue}.Properties.MaxDeliveryCount`, 'whole number'],
  [withProperties({ LockDurations: 'PT5M' }), `${queue}.Properties.LockDurations`, 'unknown'],
  [
    withProperties({ RequiresSession: true }),
    `${queue}.Properties.RequiresSession`,
    'sessions are not supported',
  ],
  [
    withProperties({ RequiresDuplicateDetection: true }),
    `${queue}.Properties.RequiresDuplicateDetection`,
    'duplicate detection is not supported',
  ],
  [withProperties({ ForwardTo: 'other' }), `${queue}.Properties.ForwardTo`, 'forwarding is not supported'],
  [
    { UserConfig: { Namespaces: [{ Name: 'n', Queues: [{ Name: 'q' }], Topics: [{ Name: 'Q' }] }] } },
    'UserConfig.Namespaces[0]',
    '"Q" is there twice',
  ],
  [
    {
      UserConfig: {
        Namespaces: [
          { Name: 'n', Topics: [{ Name: 't', Subscriptions: [{ Name: 's', Rules: [{ Name: 'r' }] }] }] },
        ],
      },
    },
    'UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules',
    'rules are not supported',
  ],
])('a wrong configuration names its place: %j', async (config, path, sentence) => {
  const error = await startBroker({ config }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BrokerConfigError);
  expect(error).toMatchObject({ path, message: expect.stringContaining(sentence) });
});
