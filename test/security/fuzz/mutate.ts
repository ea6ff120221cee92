import { exampleOf, largestOf, schemaOf } from './example.ts';
import { isObject, type Json, type Schema } from './json.ts';
import { unitOf } from './units.ts';
import type { Random } from './random.ts';

/** What a mutation may use besides the value. */
export interface Mutations {
  readonly random: Random;
  /** The schema of the whole value, if it is known. */
  readonly schema: Schema | undefined;
  /** About the most bytes that a value may have as JSON. */
  readonly maxBytes: number;
  /** Other values, whose parts are put into this one. */
  readonly donors: readonly Json[];
}

/** A part of a value, with a function that returns the whole value with another part there. */
interface Place {
  readonly part: Json;
  readonly schema: Schema | undefined;
  replace(part: Json): Json;
}

// A place is found by going down at random, so that a value with a million parts need not be listed.
const maxSteps = 40;
// Deeper values would be more than the stack can hold, here as well.
const maxDepth = 1_000;

const scalars: readonly Json[] = [
  null,
  true,
  '',
  ' ',
  0,
  -0,
  -1,
  1.5,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  2 ** 31,
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '.',
  '..',
  '../x',
  '..%2f',
  'NaN',
  'me',
  'none',
  '9'.repeat(400),
  '9999-12-31T23:59:59Z',
  '-271821-04-20T00:00:00Z',
  [],
  {},
];

const names = ['__proto__', 'constructor', 'toString', 'length', '0', '', 'a', 'connection', 'id', ' ', '\u0000', 'then', 'toJSON'];

type Operator = (place: Place, mutations: Mutations) => Json;

const bytesOf = (value: Json): number => JSON.stringify(value).length;
/** How often a part fits into the bytes that a random size leaves. */
const timesFor = (part: Json, { random, maxBytes }: Mutations): number =>
  Math.max(1, Math.floor(random.size(maxBytes) / (bytesOf(part) + 1)));

/** A hostile value, or a value that the schema nearly allows. */
function newPart(schema: Schema | undefined, mutations: Mutations): Json {
  const { random, donors } = mutations;
  if (schema && random.chance(0.6)) return exampleOf(schema, random);
  if (donors.length > 0 && random.chance(0.2)) return random.pick(donors);
  return random.chance(0.5) ? random.pick(scalars) : longText(mutations, 200);
}

function longText({ random, maxBytes }: Mutations, most = maxBytes): string {
  const unit = unitOf(random);
  const text = unit.repeat(Math.ceil(random.size(most) / Buffer.byteLength(unit)));
  // An end that does not fit makes a pattern go back over all that fitted.
  return random.chance(0.5) ? text : unitOf(random) + text + random.pick(['!', '"', '\n', unitOf(random)]);
}

const operators: Readonly<Record<string, Operator>> = {
  /** Makes an array of a part, or a longer one of an array. */
  widen: ({ part, schema }, mutations) => {
    const { random } = mutations;
    const isList = Array.isArray(part);
    const own: readonly Json[] = isList ? part : [part];
    const item = own.length > 0 && random.chance(0.5) ? random.pick(own) : newPart(isList ? schema?.items : schema, mutations);
    const more = Array.from({ length: timesFor(item, mutations) }, () => item);
    return random.chance(0.5) ? [...own, ...more] : more;
  },
  /** Gives each item of a list its own variant, so that nothing can be remembered for all. */
  vary: ({ part }, { random }) => {
    if (typeof part === 'string')
      return part.replaceAll(/[a-z0-9]/g, (char) => (random.chance(0.1) ? random.pick(['a', 'b', '0', '1']) : char));
    if (!Array.isArray(part)) return part;
    return part.map((item, index) => {
      if (typeof item === 'string') return `${item}${index}`;
      if (typeof item === 'number') return item + index;
      return isObject(item) ? { ...item, [`k${index % 100}`]: index } : [item, index];
    });
  },
  deepen: ({ part }, mutations) => {
    const { random } = mutations;
    const name = random.pick(names);
    const depth = random.size(Math.min(maxDepth, mutations.maxBytes / 8));
    let nested = part;
    for (let level = 0; level < depth; level += 1) nested = random.chance(0.5) ? [nested] : { [name]: nested };
    return nested;
  },
  addKeys: ({ part, schema }, mutations) => {
    const { random } = mutations;
    // Short values leave room for more keys.
    const values = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const inner = random.chance(0.5) ? random.pick<Json>([1, 'a']) : newPart(values, mutations);
    const prefix = random.chance(0.5) ? 'k' : random.pick([...names, unitOf(random)]);
    const count = timesFor([prefix, inner], mutations);
    const added = Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index.toString(36)}`, inner]));
    return isObject(part) ? { ...part, ...added } : added;
  },
  addKey: ({ part }, mutations) => {
    const name = mutations.random.pick([...names, longText(mutations, 300)]);
    if (!isObject(part)) return { [name]: part };
    // As JSON.parse does, `__proto__` included.
    return JSON.parse(
      `${JSON.stringify({ ...part }).slice(0, -1)}${Object.keys(part).length > 0 ? ',' : ''}${JSON.stringify(name)}:1}`,
    ) as Json;
  },
  /** Mostly as long as the schema allows, because the server looks no further at a text that is longer. */
  lengthen: ({ part, schema }, mutations) => {
    const { random } = mutations;
    const most = schema?.maxLength;
    if (most !== undefined && random.chance(0.7)) {
      const [unit, begin] = [unitOf(random), typeof part === 'string' && random.chance(0.5) ? part : ''];
      return (begin + unit.repeat(Math.ceil(most / unit.length))).slice(0, random.chance(0.5) ? most : random.size(most));
    }
    const text = longText(mutations);
    return typeof part === 'string' && mutations.random.chance(0.5) ? part + text : text;
  },
  /** Twice the items, keys or characters. */
  double: ({ part }) => {
    if (typeof part === 'string') return part + part;
    if (Array.isArray(part)) return [...part, ...part];
    if (!isObject(part)) return [part, part];
    // Short names leave room for more.
    const inners = Object.values(part);
    return { ...part, ...Object.fromEntries(inners.map((inner, index) => [(inners.length + index).toString(36), inner])) };
  },
  /** Just the most that the schema allows, or one more. */
  bound: ({ part, schema }, { random }) => {
    const over = random.below(2);
    if (schema?.maxLength !== undefined)
      return (typeof part === 'string' && part !== '' ? part : 'a')
        .padEnd(schema.maxLength + 1, typeof part === 'string' && part !== '' ? part : 'a')
        .slice(0, schema.maxLength + over);
    if (schema?.maxItems !== undefined && schema.maxItems < 5_000)
      return Array.from({ length: schema.maxItems + over }, () =>
        Array.isArray(part) && part.length > 0 ? random.pick(part) : exampleOf(schema.items ?? {}, random),
      );
    if (schema?.maximum !== undefined) return schema.maximum + over;
    return part;
  },
  /** Nearly the largest that the schema allows. */
  fill: ({ part, schema }, mutations) => {
    const { random, maxBytes } = mutations;
    return schema ? largestOf(schema, unitOf(random), random.size(maxBytes), random) : part;
  },
  replace: (_place, { random }) => random.pick(scalars),
  example: ({ schema }, mutations) => newPart(schema, mutations),
  splice: ({ part }, { random, donors }) => {
    if (donors.length === 0) return part;
    return placeIn(random.pick(donors), undefined, random).part;
  },
  remove: ({ part }, { random }) => {
    if (typeof part === 'string') return part.slice(0, random.below(part.length + 1));
    if (Array.isArray(part)) return part.slice(0, random.below(part.length + 1));
    if (!isObject(part)) return null;
    const gone = random.below(Object.keys(part).length + 1);
    return Object.fromEntries(Object.entries(part).filter((_, index) => index !== gone));
  },
};
// Growth finds most costs, so it comes more often.
const often = ['widen', 'lengthen', 'double', 'addKeys', 'fill'];
const kinds = [...Object.keys(operators), ...often, ...often];

// Some operators do nothing to some parts, and some results are too large.
const maxAttempts = 10;

/** Changes one part of a value. */
export function mutate(value: Json, mutations: Mutations): Json {
  const { random, schema, maxBytes } = mutations;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const place = placeIn(value, schema, random);
    const part = operators[random.pick(kinds)]?.(place, mutations) ?? null;
    if (Object.is(part, place.part)) continue;
    const changed = place.replace(part);
    if (!isDeeper(changed, maxDepth) && bytesOf(changed) <= maxBytes * 1.1) return changed;
  }
  return value;
}

const isDeeper = (value: Json, levels: number): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((part: Json) => isDeeper(part, levels - 1)));

/** Goes down from a value to one of its parts, which may be the value itself. */
function placeIn(value: Json, schema: Schema | undefined, random: Random, steps = 0): Place {
  const here: Place = { part: value, schema, replace: (part) => part };
  if (steps >= maxSteps || random.chance(0.25)) return here;
  if (Array.isArray(value)) {
    if (value.length === 0) return here;
    const index = random.below(value.length);
    const inner = placeIn((value as readonly Json[])[index] ?? null, schemaOf(schema, value, index), random, steps + 1);
    return { ...inner, replace: (part) => value.with(index, inner.replace(part)) as Json };
  }
  if (!isObject(value)) return here;
  const own = Object.keys(value);
  // A property that the schema has and the value has not is a place, too.
  const missing = Object.keys(schema?.properties ?? {}).filter((name) => !Object.hasOwn(value, name));
  const all = missing.length > 0 && random.chance(0.3) ? missing : own;
  if (all.length === 0) return here;
  const name = random.pick(all);
  const innerSchema = schemaOf(schema, value, name);
  const current = Object.hasOwn(value, name) ? value[name] : innerSchema && exampleOf(innerSchema, random);
  const inner = placeIn(current ?? null, innerSchema, random, steps + 1);
  return { ...inner, replace: (part) => ({ ...value, [name]: inner.replace(part) }) };
}
