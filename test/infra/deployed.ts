import { inject } from 'vitest';
import * as z from 'zod/mini';
import type { Variant } from './variants.ts';

const resourcesOf = (variant: Variant) => {
  const found = inject('snapshots')[variant];
  if (found === undefined) throw new Error(`there is no snapshot of the variant ${variant}`);
  return found;
};

/** All resources of a type, like `Microsoft.ServiceBus/namespaces/queues`. */
export const all = (variant: Variant, type?: string) =>
  resourcesOf(variant).predictedResources.filter((resource) => type === undefined || resource.type === type);

/** The one resource of a type. */
export function only(variant: Variant, type: string) {
  const found = all(variant, type);
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(`there are ${found.length} of ${type}, not one`);
  return first;
}

export const outputsOf = (variant: Variant): Readonly<Record<string, unknown>> =>
  resourcesOf(variant).outputs;

/** `checkout-jobs` of `sb-x/checkout-jobs`. */
export const lastName = (name: string): string => name.split('/').at(-1) ?? '';

const texts = z.record(z.string(), z.string());

/** The app settings. An expression that only Azure can work out begins with `[`. */
export const appSettings = (variant: Variant): Readonly<Record<string, string>> =>
  texts.parse(only(variant, 'Microsoft.Web/sites/config').properties);
