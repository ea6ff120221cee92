import { described, sentences, type RawSchema } from './describe-schema.ts';

/** A schema in wire form. `never` accepts no value and is left out. */
export type Converted = Readonly<Record<string, unknown>> | 'never';

/**
 * Returns the alternatives of an enumeration. Vendors accept only enums of strings, so descriptions list numbers and a single boolean
 * instead.
 */
export function* enumerated(values: readonly unknown[]): Iterable<Converted> {
  const strings = values.filter((value) => typeof value === 'string');
  const numbers = values.filter((value) => typeof value === 'number');
  const booleans = values.filter((value) => typeof value === 'boolean');
  if (strings.length > 0) yield { type: 'string', enum: strings };
  if (numbers.length > 0) {
    const range = { minimum: Math.min(...numbers), maximum: Math.max(...numbers) };
    yield { type: numbers.every(Number.isInteger) ? 'integer' : 'number', description: `One of ${numbers.join(', ')}.`, ...range };
  }
  if (booleans.length > 0) yield { type: 'boolean', ...(booleans.length === 1 && { description: `Always ${booleans[0]}.` }) };
  if (values.includes(null)) yield { type: 'null' };
}

/** Combines alternatives into the simplest form: all string enums merged into one, `null` as a second type, and no nested alternatives. */
export function alternatives(
  { title, description: text, default: preset, examples }: RawSchema,
  converted: Iterable<Converted>,
): Converted {
  // Bounds beside the alternatives are part of each alternative already.
  const outer = described({ title, description: text, default: preset, examples });
  const texts = new Set<string>();
  const strings = new Set<unknown>();
  for (const branch of converted) {
    if (branch === 'never') continue;
    const { anyOf, enum: values, description } = branch;
    if (Array.isArray(values) && description === undefined) for (const value of values) strings.add(value);
    else for (const schema of Array.isArray(anyOf) && description === undefined ? anyOf : [branch]) texts.add(JSON.stringify(schema));
  }
  const branches = [...texts].map((text) => JSON.parse(text) as Record<string, unknown>);
  if (strings.size > 0) branches.unshift({ type: 'string', enum: [...strings] });
  const [first, second] = branches.filter((branch) => branch['type'] !== 'null');
  if (!first) return branches[0] ? { type: 'null', ...outer } : 'never';
  if (second) return { anyOf: branches, ...outer };

  const description = sentences([outer.description, first['description'] as string | undefined]);
  const merged = { ...first, ...outer, ...(description !== undefined && { description }) };
  if (branches.length === 1) return merged;
  if (typeof first['type'] === 'string' && first['enum'] === undefined) return { ...merged, type: [first['type'], 'null'] };
  const { description: _, ...bare } = first;
  return { anyOf: [bare, { type: 'null' }], ...outer, ...(description !== undefined && { description }) };
}
