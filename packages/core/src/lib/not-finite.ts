/** Finds a number in a value that JSON writes as null: NaN or an infinity. Returns its path, or undefined if there is none. */
export function findNotFinite(value: unknown): readonly string[] | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const path = findNotFinite(part);
    if (path) return [key, ...path];
  }
  return undefined;
}
