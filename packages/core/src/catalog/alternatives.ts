import { described, sentences, type RawSchema } from './schema-words.ts';

/** A schema on the wire. `never` is what accepts nothing, and is left out. */
export type Converted = Readonly<Record<string, unknown>> | 'never';

/** The alternatives of an enumeration. Only strings may be enumerated; of numbers and booleans the description tells which. */
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

/** Alternatives, in the plainest form: string enums in one, `null` as a second type, no alternatives within alternatives. */
export function alternatives({ title, description: text, default: preset, examples }: RawSchema, given: Iterable<Converted>): Converted {
  // The bounds beside them went into the alternatives.
  const outer = described({ title, description: text, default: preset, examples });
  const texts = new Set<string>();
  const strings = new Set<unknown>();
  for (const branch of given) {
    if (branch === 'never') continue;
    const { anyOf, enum: values, description } = branch;
    if (Array.isArray(values) && description === undefined) for (const value of values) strings.add(value);
    else for (const one of Array.isArray(anyOf) && description === undefined ? anyOf : [branch]) texts.add(JSON.stringify(one));
  }
  const branches = [...texts].map((text) => JSON.parse(text) as Record<string, unknown>);
  if (strings.size > 0) branches.unshift({ type: 'string', enum: [...strings] });
  const [first, second] = branches.filter((branch) => branch['type'] !== 'null');
  if (!first) return branches[0] ? { type: 'null', ...outer } : 'never';
  if (second) return { anyOf: branches, ...outer };

  const description = sentences([outer.description, first['description'] as string | undefined]);
  const one = { ...first, ...outer, ...(description !== undefined && { description }) };
  if (branches.length === 1) return one;
  if (typeof first['type'] === 'string' && first['enum'] === undefined) return { ...one, type: [first['type'], 'null'] };
  const { description: _, ...bare } = first;
  return { anyOf: [bare, { type: 'null' }], ...outer, ...(description !== undefined && { description }) };
}
