/** A JSON Schema as zod or a plugin wrote it. */
export interface RawSchema {
  readonly [keyword: string]: unknown;
}

/** Whether a value is a schema with keywords, or a map of schemas. `true`, `false` and lists are not. */
export function isSchema(value: unknown): value is RawSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A fact that a description should state. */
interface Phrase {
  readonly words: string;
  /** Whether a description already states the fact. */
  isIn(description: string): boolean;
}

/** Returns the description and the default of a value in wire form. `further` phrases come after the author's text. */
export function described(raw: RawSchema, further: readonly string[] = []): { readonly description?: string; readonly default?: unknown } {
  const description = describe(raw, further);
  return { ...(description !== undefined && { description }), ...(raw['default'] !== undefined && { default: raw['default'] }) };
}

/**
 * Returns the description of a value, with its bounds and its default in words, because models skip the keywords. Facts that the author's
 * text already states are not repeated.
 */
function describe(raw: RawSchema, further: readonly string[] = []): string | undefined {
  const author = textOf(raw['description']) ?? textOf(raw['title']);
  const stated = (author ?? '').replaceAll(/(?<=\d)[,’ ](?=\d{3})/g, '');
  const missing = [...further.map((words) => ({ words, isIn: () => false })), ...phrases(raw)].filter(({ isIn }) => !isIn(stated));
  return sentences([author, ...missing.map(({ words: [first = '', ...rest] }) => first.toUpperCase() + rest.join(''))]);
}

/** Joins the defined parts into one string and ends each with a full stop. A single part stays as it is. */
export function sentences(parts: readonly (string | undefined)[]): string | undefined {
  const defined = parts.filter((part) => part !== undefined);
  if (defined.length < 2) return defined[0];
  return defined.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ');
}

/** Whether the author has described a value, on the schema itself or on its only alternative other than `null`. */
export function isDescribed(raw: RawSchema): boolean {
  if ((textOf(raw['description']) ?? textOf(raw['title'])) !== undefined) return true;
  const branches = raw['anyOf'] ?? raw['oneOf'];
  const [first, second] = Array.isArray(branches) ? branches.filter((branch: RawSchema) => branch['type'] !== 'null') : [];
  return isSchema(first) && second === undefined && isDescribed(first);
}

function* phrases(raw: RawSchema): Iterable<Phrase> {
  const mayBe = (...types: readonly string[]) => raw['type'] === undefined || types.includes(String(raw['type']));
  if (mayBe('string')) yield* range(raw['minLength'], raw['maxLength'], 'character');
  if (mayBe('array')) yield* range(raw['minItems'], raw['maxItems'], 'item');
  if (mayBe('object')) yield* range(raw['minProperties'], raw['maxProperties'], 'key');
  if (mayBe('number', 'integer')) yield* numbers(raw);
  if (raw['uniqueItems'] === true) yield { words: 'no item twice', isIn: has(/twice|unique|distinct|duplicate/i) };
  const { pattern, format, examples } = raw;
  if (typeof format === 'string' && !portableFormats.has(format)) yield { words: `format: ${format}`, isIn: mention(format) };
  if (isShownPattern(raw)) yield { words: `pattern: ${String(pattern)}`, isIn: mention(String(pattern)) };
  if (Array.isArray(examples) && examples.length > 0) yield { words: `for example ${json(examples[0])}`, isIn: has(hasExample) };
  if (raw['default'] !== undefined && json(raw['default']).length <= 100)
    yield { words: `default: ${json(raw['default'])}`, isIn: has(/default/i) };
}

/** Matches a description that contains an example. */
export const hasExample = /example|e\.g\.|such as|[{“"]/i;

/** The formats that every vendor accepts. */
export const portableFormats: ReadonlySet<string> = new Set(['date-time', 'date', 'email', 'uri', 'uuid', 'int32', 'int64']);

/** Whether a pattern helps a model. A format says more than its pattern, and models do not read long patterns or lookarounds. */
export function isShownPattern({ pattern, format }: RawSchema): boolean {
  return typeof pattern === 'string' && format === undefined && pattern.length <= 100 && !/\(\?<?[=!]/.test(pattern);
}

/** Whether a number is a real bound. zod gives every integer the bounds of JavaScript's safe integers. */
export function isBound(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

function* range(min: unknown, max: unknown, unit: string): Iterable<Phrase> {
  const plural = (count: number) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (isBound(min) && min === max) yield { words: `exactly ${plural(min)}`, isIn: mention(min) };
  else if (isBound(min) && min > 0 && isBound(max)) yield { words: `${min} to ${plural(max)}`, isIn: mention(max) };
  else if (isBound(max)) yield { words: `at most ${plural(max)}`, isIn: mention(max) };
  else if (min === 1) yield { words: 'not empty', isIn: has(/empty|at least (one|1)/i) };
  else if (isBound(min) && min > 0) yield { words: `at least ${plural(min)}`, isIn: mention(min) };
}

function* numbers(raw: RawSchema): Iterable<Phrase> {
  const { minimum: min, maximum: max, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = raw;
  if (isBound(min) && isBound(max)) yield { words: `${min} to ${max}`, isIn: mention(max) };
  else if (isBound(min)) yield { words: `at least ${min}`, isIn: mention(min) };
  else if (isBound(max)) yield { words: `at most ${max}`, isIn: mention(max) };
  if (isBound(above)) yield { words: `more than ${above}`, isIn: above === 0 ? has(/\b0\b|positive/i) : mention(above) };
  if (isBound(below)) yield { words: `less than ${below}`, isIn: mention(below) };
  if (isBound(multipleOf)) yield { words: `a multiple of ${multipleOf}`, isIn: mention(multipleOf) };
}

const has =
  (pattern: RegExp) =>
  (description: string): boolean =>
    pattern.test(description);

function mention(value: string | number): (description: string) => boolean {
  if (typeof value === 'string') return (description) => description.toLowerCase().includes(value.toLowerCase());
  return has(new RegExp(`(?<![\\w.-])${String(value).replaceAll(/[.+]/g, '\\$&')}(?!\\w)`));
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined);
const json = (value: unknown): string => JSON.stringify(value) ?? 'null';
