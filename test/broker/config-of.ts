/** One entity a test, so that tests do not take each other's messages. */
export interface Plan {
  readonly queues?: readonly string[];
  /** Of every queue and subscription. */
  readonly properties?: object;
  /** Of every topic. */
  readonly topicProperties?: object;
  /** Topic → subscriptions. */
  readonly topics?: Readonly<Record<string, readonly string[]>>;
}

export const configOf = ({
  queues = [],
  topics = {},
  properties = {},
  topicProperties = {},
}: Plan): object => ({
  UserConfig: {
    Namespaces: [
      {
        Name: 'test',
        Queues: queues.map((Name) => ({ Name, Properties: properties })),
        Topics: Object.entries(topics).map(([Name, subscriptions]) => ({
          Name,
          Properties: topicProperties,
          Subscriptions: subscriptions.map((own) => ({ Name: own, Properties: properties })),
        })),
      },
    ],
  },
});
