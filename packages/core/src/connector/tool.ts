import type { z } from 'zod';
import type { Content } from '../content.ts';
import type { CallContext } from './context.ts';

/** A tool's effect on the vendor's data: `read` has none, `write` adds or changes, `destructive` removes or overwrites permanently. */
export type Effect = 'read' | 'write' | 'destructive';

/** A zod object, or a JSON Schema with its own parser, which throws a readable error for invalid values. */
export type Schema<T = any> = z.ZodObject | { readonly jsonSchema: object; parse(value: unknown): T };
/** The type of a schema's parsed values. */
export type SchemaOutput<S> = S extends z.ZodType ? z.output<S> : S extends Schema<infer T> ? T : undefined;
/** The type of a schema's values before parsing. */
export type SchemaInput<S> = S extends z.ZodType ? z.input<S> : S extends Schema<infer T> ? T : undefined;

/** A tool without its types. TypeScript checked them when the tool was defined. */
export interface AnyTool<Client> {
  /** `<connector>_<verb>_<noun>`, in `[a-z0-9_]`. At most 48 characters, because clients add their own prefixes. */
  readonly name: string;
  /** For the model: what the tool does, and when to use it instead of another tool. At most 1,024 characters. */
  readonly description: string;
  /**
   * What the tool does to the vendor's data: `read` changes nothing, `write` adds or changes, `destructive` removes or overwrites
   * permanently. Clients ask a person before a `destructive` tool. Only reads may be cached and shared.
   */
  readonly effect: Effect;
  /**
   * Whether a second call with the same arguments changes nothing more at the vendor, even without an idempotency key. Say so in the
   * description too. Only a hint to clients. All reads have it.
   */
  readonly idempotent?: boolean | undefined;
  /** The groups that the tool belongs to. An API key may be limited to certain groups. Absent: `['default']`. */
  readonly toolsets?: readonly string[] | undefined;
  /**
   * How long an answer may be reused for the same input through the same connection. Only callers of the same tenant with the same roles
   * and toolsets share it. The answer must not depend on anything else, such as the principal's id. For reads only; checked at
   * registration.
   */
  readonly cache?: { readonly ttlMs: number } | undefined;
  /** The schema of the arguments. Describe every property. Rules that JSON Schema cannot express stay in the validator. */
  readonly input: Schema;
  /** The schema of the structured output. Describe every property. Without it, `run` must return a {@link result} with content. */
  readonly output?: Schema | undefined;
  /** Returns how many units a call counts as for quotas and prices: a whole number from 0 to 1,000,000. Runs before the call. Absent: 1. */
  units?(input: any): number;
  /**
   * Does the work of a call, with the parsed arguments, the client of the connection and the context of the call. Returns the output, a
   * {@link result}, or a promise of one of them. Throw {@link ToolError} for a failure that the caller can act on. Any other error becomes
   * INTERNAL, and its details go to the log.
   */
  run(input: any, client: Client, context: CallContext): unknown;
}

/** A named, typed operation. Without `output`, it must return a {@link result} with content. */
export interface Tool<I extends Schema, O extends Schema | undefined, Client> extends AnyTool<Client> {
  readonly input: I;
  readonly output?: O | undefined;
  units?(input: SchemaOutput<I>): number;
  run(input: SchemaOutput<I>, client: Client, context: CallContext): Returned<O> | Promise<Returned<O>>;
}

type Returned<O extends Schema | undefined> =
  | (O extends undefined ? AddAnOutputSchemaOrReturnAResult : SchemaInput<O>)
  | Result<SchemaInput<O>>;

declare const noOutput: unique symbol;

/**
 * The output of a tool that declares none. The name tells the author what to do when it appears in the compiler's error: "Type '{ text:
 * string }' is not assignable to type 'AddAnOutputSchemaOrReturnAResult'".
 */
interface AddAnOutputSchemaOrReturnAResult {
  readonly [noOutput]: never;
}

/**
 * Checks a tool's types against the connector's client and returns the tool unchanged. Write a file of tools as
 * `export const ticketTools = (tool: ToolBuilder<Client>) => [tool({ … })]`.
 */
export type ToolBuilder<Client> = <I extends Schema, O extends Schema | undefined = undefined>(tool: Tool<I, O, Client>) => AnyTool<Client>;

declare const outputType: unique symbol;
const brand = Symbol.for('busbar.Result');

/** An output with extras. Create it with {@link result}. */
export interface Result<T> {
  readonly [outputType]?: T;
}

/** Additions to a tool's structured output. */
export interface ResultExtras {
  /** Text, images, audio or links to show instead of the output's JSON. */
  readonly content?: readonly Content[] | undefined;
  /** Result metadata. Prefix the keys with a name of your own. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** The id of a write that is queued but not done. A job later reports under this id how the write ended. */
  readonly accepted?: string | undefined;
}

/** The parts of a {@link Result}, for the host. */
export interface OpenedResult {
  readonly output: unknown;
  readonly content: ResultExtras['content'] | undefined;
  readonly meta: ResultExtras['meta'] | undefined;
  readonly accepted: ResultExtras['accepted'] | undefined;
}

class BrandedResult implements OpenedResult {
  readonly output: unknown;
  readonly content: OpenedResult['content'];
  readonly meta: OpenedResult['meta'];
  readonly accepted: OpenedResult['accepted'];

  constructor(output: unknown, { content, meta, accepted }: ResultExtras) {
    this.output = output;
    this.content = content;
    this.meta = meta;
    this.accepted = accepted;
  }

  // On the prototype, so that a copy by `{ ...result }` is a plain output. All copies of this package share the symbol.
  get [brand](): true {
    return true;
  }
}

/** Combines an output with content, metadata or the id of accepted work. */
export function result<T>(output: T, extras: ResultExtras): Result<T> {
  return new BrandedResult(output, extras) as Result<T>;
}

/** Splits the return value of a `run` into its parts. The value is a {@link result} or a plain output. */
export function openResult(returned: unknown): OpenedResult {
  if (typeof returned === 'object' && returned !== null && (returned as { [brand]?: unknown })[brand] === true)
    return returned as unknown as OpenedResult;
  return { output: returned, content: undefined, meta: undefined, accepted: undefined };
}
