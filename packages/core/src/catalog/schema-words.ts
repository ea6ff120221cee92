/** A JSON Schema that is being read. */
export interface RawSchema {
  readonly [keyword: string]: unknown;
}

/** Whether it is a schema with keywords, or a map of them; not `true`, `false` or a list. */
export function isSchema(value: unknown): value is RawSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One thing that a description should say, unless it does so already. */
interface Phrase {
  readonly words: string;
  /** Whether a description says it already. */
  saidBy(description: string): boolean;
}

/** The description and the default of a value, as they go over the wire. `further` is said beside what {@link describe} says. */
export function described(raw: RawSchema, further: readonly string[] = []): { readonly description?: string; readonly default?: unknown } {
  const description = describe(raw, further);
  return { ...(description !== undefined && { description }), ...(raw['default'] !== undefined && { default: raw['default'] }) };
}

/**
 * The description of a value, with its bounds and default said in words: models skip the keywords. What the author has said already
 * is not repeated.
 */
function describe(raw: RawSchema, further: readonly string[] = []): string | undefined {
  const author = textOf(raw['description']) ?? textOf(raw['title']);
  const said = (author ?? '').replaceAll(/(?<=\d)[,’ ](?=\d{3})/g, '');
  const words = [...further.map((words) => ({ words, saidBy: () => false })), ...phrases(raw)].filter(({ saidBy }) => !saidBy(said));
  return sentences([author, ...words.map(({ words: [first = '', ...rest] }) => first.toUpperCase() + rest.join(''))]);
}

/** The parts that there are, each with a stop, as one text; one alone stays as it is written. */
export function sentences(parts: readonly (string | undefined)[]): string | undefined {
  const there = parts.filter((part) => part !== undefined);
  if (there.length < 2) return there[0];
  return there.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ');
}

/** Whether the author has described a value, on the schema itself or on the one alternative that is not `null`. */
export function isDescribed(raw: RawSchema): boolean {
  if ((textOf(raw['description']) ?? textOf(raw['title'])) !== undefined) return true;
  const branches = raw['anyOf'] ?? raw['oneOf'];
  const [first, second] = Array.isArray(branches) ? branches.filter((branch: RawSchema) => branch['type'] !== 'null') : [];
  return isSchema(first) && second === undefined && isDescribed(first);
}

function* phrases(raw: RawSchema): Iterable<Phrase> {
  const is = (...types: readonly string[]) => raw['type'] === undefined || types.includes(String(raw['type']));
  if (is('string')) yield* range(raw['minLength'], raw['maxLength'], 'character');
  if (is('array')) yield* range(raw['minItems'], raw['maxItems'], 'item');
  if (is('object')) yield* range(raw['minProperties'], raw['maxProperties'], 'key');
  if (is('number', 'integer')) yield* numbers(raw);
  if (raw['uniqueItems'] === true) yield { words: 'no item twice', saidBy: has(/twice|unique|distinct|duplicate/i) };
  const { pattern, format, examples } = raw;
  if (typeof format === 'string' && !portableFormats.has(format)) yield { words: `format: ${format}`, saidBy: mention(format) };
  if (isShownPattern(raw)) yield { words: `pattern: ${String(pattern)}`, saidBy: mention(String(pattern)) };
  if (Array.isArray(examples) && examples.length > 0) yield { words: `for example ${json(examples[0])}`, saidBy: has(hasExample) };
  if (raw['default'] !== undefined && json(raw['default']).length <= 100)
    yield { words: `default: ${json(raw['default'])}`, saidBy: has(/default/i) };
}

/** What a description with an example in it matches. */
export const hasExample = /example|e\.g\.|such as|[{“"]/i;

/** The formats that every vendor takes. */
export const portableFormats: ReadonlySet<string> = new Set(['date-time', 'date', 'email', 'uri', 'uuid', 'int32', 'int64']);

/** Whether a pattern tells a model anything: a format says it better, and long ones or those that look around are not read. */
export function isShownPattern({ pattern, format }: RawSchema): boolean {
  return typeof pattern === 'string' && format === undefined && pattern.length <= 100 && !/\(\?<?[=!]/.test(pattern);
}

/** Whether a number bounds anything: zod gives every integer the bounds of what JavaScript can count to. */
export function isBound(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

function* range(min: unknown, max: unknown, unit: string): Iterable<Phrase> {
  const plural = (count: number) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (isBound(min) && min === max) yield { words: `exactly ${plural(min)}`, saidBy: mention(min) };
  else if (isBound(min) && min > 0 && isBound(max)) yield { words: `${min} to ${plural(max)}`, saidBy: mention(max) };
  else if (isBound(max)) yield { words: `at most ${plural(max)}`, saidBy: mention(max) };
  else if (min === 1) yield { words: 'not empty', saidBy: has(/empty|at least (one|1)/i) };
  else if (isBound(min) && min > 0) yield { words: `at least ${plural(min)}`, saidBy: mention(min) };
}

function* numbers(raw: RawSchema): Iterable<Phrase> {
  const { minimum: min, maximum: max, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = raw;
  if (isBound(min) && isBound(max)) yield { words: `${min} to ${max}`, saidBy: mention(max) };
  else if (isBound(min)) yield { words: `at least ${min}`, saidBy: mention(min) };
  else if (isBound(max)) yield { words: `at most ${max}`, saidBy: mention(max) };
  if (isBound(above)) yield { words: `more than ${above}`, saidBy: above === 0 ? has(/\b0\b|positive/i) : mention(above) };
  if (isBound(below)) yield { words: `less than ${below}`, saidBy: mention(below) };
  if (isBound(multipleOf)) yield { words: `a multiple of ${multipleOf}`, saidBy: mention(multipleOf) };
}

const has =
  (pattern: RegExp) =>
  (said: string): boolean =>
    pattern.test(said);

function mention(value: string | number): (said: string) => boolean {
  if (typeof value === 'string') return (said) => said.toLowerCase().includes(value.toLowerCase());
  return has(new RegExp(`(?<![\\w.-])${String(value).replaceAll(/[.+]/g, '\\$&')}(?!\\w)`));
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined);
const json = (value: unknown): string => JSON.stringify(value) ?? 'null';
