/** The path of a field in a JSON value. `[]` means every item of a list. */
export type FieldPath = readonly string[];

const maxDepth = 6;
const maxPaths = 200;

/**
 * Lists every field of a JSON value once, outer fields first: at most 200, down to a depth of 6. Only the first three items of a list are
 * searched.
 */
export function fieldPaths(value: unknown): FieldPath[] {
  const found = new Map<string, FieldPath>();
  const visit = (part: unknown, path: FieldPath): void => {
    if (typeof part !== 'object' || part === null || path.length > maxDepth) return;
    if (Array.isArray(part)) return part.slice(0, 3).forEach((item) => visit(item, [...path, '[]']));
    for (const [name, inner] of Object.entries(part)) {
      const here = [...path, name];
      if (found.size < maxPaths) found.set(JSON.stringify(here), here);
      visit(inner, here);
    }
  };
  visit(value, []);
  return [...found.values()];
}

/** Writes a path as `tickets[].subject`. */
export const pathText = (path: FieldPath): string => path.join('.').replaceAll('.[]', '[]');

/** Returns a copy of a JSON value with one field changed. If `change` returns undefined, the field is removed. */
export function withField(value: unknown, path: FieldPath, change: (field: unknown) => unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return change(value);
  if (name === '[]') return Array.isArray(value) ? value.map((item) => withField(item, rest, change)) : value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const { [name]: field, ...others } = value as Record<string, unknown>;
  const changed = withField(field, rest, change);
  return changed === undefined
    ? others
    : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === name ? changed : one]));
}

/** Returns a copy of a JSON value in which every leaf, list and object is changed, inner values first. */
export function everyValue(value: unknown, change: (value: unknown, name: string) => unknown, name = ''): unknown {
  if (Array.isArray(value))
    return change(
      value.map((item) => everyValue(item, change, name)),
      name,
    );
  if (typeof value !== 'object' || value === null) return change(value, name);
  return change(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, everyValue(part, change, key)])), name);
}

/** Lists every string in a JSON value. */
export function textsIn(value: unknown): string[] {
  const found: string[] = [];
  everyValue(value, (part) => {
    if (typeof part === 'string') found.push(part);
    return part;
  });
  return found;
}
