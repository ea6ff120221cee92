import { schemaOf } from './example.ts';
import type { Group } from './target.ts';
import { isObject, type Json, type Schema } from './json.ts';
import { units } from './units.ts';

// A shorter text costs little, even if its cost grows with the square of its length.
const minLength = 1_000;
const maxLength = 100_000;

/**
 * For each long text that the seeds of a group have, values in which it is as long as it may be: its own beginning, and then runs of
 * everything that could be expensive in one way. Random changes would come to each of them late.
 */
export function* sweep({ seeds, schema, maxBytes }: Group): Generator<Json> {
  const seen = new Set<string>();
  for (const seed of seeds)
    for (const { path, text, most, replace } of textsOf(seed, schema)) {
      const length = Math.min(most, maxLength, Math.floor(maxBytes / 4));
      if (length < minLength || seen.has(path)) continue;
      seen.add(path);
      for (const some of units) {
        const runs = some.map((unit) => unit.repeat(Math.ceil(length / some.length / unit.length)));
        yield replace((text + runs.join('')).slice(0, length));
      }
    }
}

interface Text {
  /** Where it is. Items of an array have the same path. */
  readonly path: string;
  readonly text: string;
  /** The most characters that the schema allows. */
  readonly most: number;
  replace(text: string): Json;
}

function* textsOf(value: Json, schema: Schema | undefined, path = ''): Generator<Text> {
  if (typeof value === 'string') yield { path, text: value, most: mostOf(schema), replace: (text) => text };
  if (Array.isArray(value)) {
    const [first] = value as readonly Json[];
    if (first === undefined) return;
    for (const inner of textsOf(first, schemaOf(schema, value, 0), `${path}[]`))
      yield { ...inner, replace: (text) => value.with(0, inner.replace(text)) as Json };
  } else if (isObject(value)) {
    for (const [name, part] of Object.entries(value))
      for (const inner of textsOf(part, schemaOf(schema, value, name), `${path}.${name}`))
        yield { ...inner, replace: (text) => ({ ...value, [name]: inner.replace(text) }) };
  }
}

/** The most that any of its alternatives allows. */
const mostOf = (schema: Schema | undefined): number =>
  schema?.maxLength ?? Math.max(...(schema?.anyOf ?? schema?.oneOf ?? []).map(mostOf), schema?.anyOf || schema?.oneOf ? 0 : Infinity);
