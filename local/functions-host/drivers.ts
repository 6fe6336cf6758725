import type { Driver } from './driver.ts';

/** By the type of the trigger's binding in lower case. Loaded on use, so an app without queues does not wait for the SDK. */
export const drivers: Readonly<Record<string, () => Promise<Driver>>> = {
  servicebustrigger: async () => (await import('./service-bus.ts')).serviceBusDriver,
  httptrigger: async () => (await import('./http.ts')).httpDriver,
  timertrigger: async () => (await import('./timer.ts')).timerDriver,
};
