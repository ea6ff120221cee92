/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The parts of a JSON Schema that say how a near-valid value looks. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How a value is written. The same value can cost more in another spelling. */
export const spellings = ['plain', 'escaped', 'spaced', 'digits', 'repeated'] as const;
export type Spelling = (typeof spellings)[number];

/**
 * Writes a value: `plain` as JSON.stringify does, `escaped` with every character of its strings as an escape, `spaced` with white space
 * between all parts, `digits` with 30 digits behind every number, `repeated` with every key twice, the first time
 * without its value.
 */
export function writeJson(value: Json, spelling: Spelling): string {
  if (spelling === 'plain') return JSON.stringify(value);
  const gap = spelling === 'spaced' ? ' \n\t ' : '';
  const text = (string: string): string =>
    spelling === 'escaped'
      ? `"${string.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
      : JSON.stringify(string);
  const write = (part: Json): string => {
    if (typeof part === 'string') return text(part);
    if (typeof part === 'number' && spelling === 'digits' && Number.isSafeInteger(part)) return `${part}.${'0'.repeat(30)}`;
    if (typeof part !== 'object' || part === null) return JSON.stringify(part);
    if (Array.isArray(part)) return `[${gap}${part.map(write).join(`${gap},${gap}`)}${gap}]`;
    const fields = Object.entries(part).map(
      ([name, inner]) => `${spelling === 'repeated' ? `${text(name)}:0,` : ''}${text(name)}${gap}:${gap}${write(inner)}`,
    );
    return `{${gap}${fields.join(`${gap},${gap}`)}${gap}}`;
  };
  return write(value);
}
