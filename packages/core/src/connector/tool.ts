import type { z } from 'zod';
import type { Content } from '../content.ts';
import type { CallContext } from './context.ts';

/** What a tool does to the vendor's data: `read` nothing, `write` adds or changes, `destructive` removes or overwrites for good. */
export type Effect = 'read' | 'write' | 'destructive';

/** A zod object, or a JSON Schema with its own parser (which throws a readable error for what it refuses). */
export type Schema<T = any> = z.ZodObject | { readonly jsonSchema: object; parse(value: unknown): T };
/** What a schema gives after parsing. */
export type SchemaOutput<S> = S extends z.ZodType ? z.output<S> : S extends Schema<infer T> ? T : undefined;
/** What a schema takes before parsing. */
export type SchemaInput<S> = S extends z.ZodType ? z.input<S> : S extends Schema<infer T> ? T : undefined;

/** A tool whose types have been checked where it was written and are no longer needed. */
export interface AnyTool<Client> {
  /** `<connector>_<verb>_<noun>`, `[a-z0-9_]`, at most 48 characters: clients put a prefix of their own before it. */
  readonly name: string;
  /** For the model: what it does, when to use it and not another. At most 1,024 characters. */
  readonly description: string;
  readonly effect: Effect;
  /** Which groups it belongs to; a key may be limited to some. Absent: `['default']`. */
  readonly toolsets?: readonly string[];
  /**
   * How long an answer may be served again, to callers of the tenant with the same roles and toolsets, for the same input through the same
   * connection. So it must not hang on anything else, such as the principal's id. Reads only, checked at registration.
   */
  readonly cache?: { readonly ttlMs: number };
  /** Every property described; what the wire cannot say stays in the validator. */
  readonly input: Schema;
  readonly output?: Schema | undefined;
  /** What a call takes of quotas in units, and is priced by: a whole number from 0 to 1,000,000. Absent: 1. Asked before the call runs. */
  units?(input: any): number;
  run(input: any, client: Client, context: CallContext): Promise<unknown>;
}

/** A named, typed operation. Without `output` it must return a {@link result} with content. */
export interface Tool<I extends Schema, O extends Schema | undefined, Client> extends AnyTool<Client> {
  readonly input: I;
  readonly output?: O;
  units?(input: SchemaOutput<I>): number;
  run(
    input: SchemaOutput<I>,
    client: Client,
    context: CallContext,
  ): Promise<(O extends undefined ? never : SchemaInput<O>) | Result<SchemaInput<O>>>;
}

/**
 * Checks a tool's types against the connector's client and gives it back as it is. A file of tools is written
 * `export const ticketTools = (tool: ToolBuilder<Client>) => [tool({ … })]`.
 */
export type ToolBuilder<Client> = <I extends Schema, O extends Schema | undefined = undefined>(tool: Tool<I, O, Client>) => AnyTool<Client>;

declare const outputType: unique symbol;
const brand = Symbol.for('busbar.Result');

/** An output with more than its structure. Made by {@link result}. */
export interface Result<T> {
  readonly [outputType]?: T;
}

/** What goes beside a tool's structured output. */
export interface ResultExtras {
  /** Shown instead of the output's JSON. Text, images, audio, links. */
  readonly content?: readonly Content[];
  /** Result metadata, under keys of your own prefix. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** The write is queued, not done: an id under which a job will `report` what became of it. */
  readonly accepted?: string;
}

/** A {@link Result} as the host reads it. */
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

  // No property of each, since a copy by `{ ...result }` is a plain output. By a symbol that all copies of this package share.
  get [brand](): true {
    return true;
  }
}

/** Returns `output` together with content, metadata or the id of accepted work. */
export function result<T>(output: T, extras: ResultExtras): Result<T> {
  return new BrandedResult(output, extras) as Result<T>;
}

/** What a `run` returned, taken apart: a {@link result}, or a plain output. */
export function openResult(returned: unknown): OpenedResult {
  if (typeof returned === 'object' && returned !== null && (returned as { [brand]?: unknown })[brand] === true)
    return returned as unknown as OpenedResult;
  return { output: returned, content: undefined, meta: undefined, accepted: undefined };
}
