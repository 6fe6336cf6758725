/** The names of the functions that `functions/main.ts` registers. */
export const registeredFunctions = (source: string): readonly string[] =>
  [...source.matchAll(/\bapp\.(?:serviceBusQueue|timer|http|get|post)\('(\w+)'/g)].map(
    ([, name = '']) => name,
  );
