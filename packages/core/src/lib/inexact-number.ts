/**
 * Finds a number in a parsed JSON value that is beyond the safe integers, so that parsing may have changed its digits. Returns its path, or
 * undefined if there is none.
 */
export function findInexactNumber(value: unknown): readonly PropertyKey[] | undefined {
  if (typeof value === 'number') return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER ? [] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const path = findInexactNumber(value[index]);
      if (path) return [index, ...path];
    }
    return undefined;
  }
  // Without a list of the keys, because every call passes here. A key of a prototype finds nothing.
  for (const key in value) {
    const path = findInexactNumber((value as Readonly<Record<string, unknown>>)[key]);
    if (path) return [key, ...path];
  }
  return undefined;
}
