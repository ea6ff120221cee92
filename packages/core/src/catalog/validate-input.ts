import type { z } from 'zod';
import type { AnyTool } from '../connector/tool.ts';
import { ToolError } from '../errors.ts';
import { isObject } from '../lib/json-object.ts';
import { closest } from './closest.ts';
import { compiledSchema } from './compiled-schema.ts';
import { strictSchema } from './strict-schema.ts';

/** The part of a catalog entry that {@link validateInput} needs. */
export interface InputSpec {
  readonly name: string;
  readonly inputSchema: { readonly [keyword: string]: unknown };
  readonly tool: Pick<AnyTool<unknown>, 'input'>;
}

/** The arguments of a call, validated. */
export interface ValidatedInput {
  /** The parsed arguments, without `connection`. */
  readonly input: unknown;
  /** The name of the connection that the caller chose. */
  readonly connection: string | undefined;
}

const maxProblems = 10;
const maxProblemLength = 300;
const maxNames = 30;

/**
 * Removes the reserved argument `connection` and parses the other arguments strictly, so that unknown keys are refused.
 *
 * @throws {ToolError} INVALID_INPUT, listing up to ten problems, each with its path, the mistake and the correct form.
 */
export function validateInput(entry: InputSpec, args: unknown): ValidatedInput {
  if (args !== undefined && !isObject(args)) throw refused(entry, ['the arguments must be one JSON object']);
  const values = args ?? {};
  const { takesConnection, schema } = compiledInput(entry);
  if (!takesConnection) return { input: parse(entry, schema, values), connection: undefined };
  const { connection, ...rest } = values;
  if (connection !== undefined && typeof connection !== 'string') {
    throw refused(entry, ['connection: must be the name of a connection, as a string']);
  }
  return { input: parse(entry, schema, rest), connection };
}

/** The part of a tool's validation that is the same for each call. */
interface CompiledInput {
  readonly takesConnection: boolean;
  /** Refuses unknown keys. Absent if the tool has its own parser. */
  readonly schema: z.ZodType | undefined;
}

const compiledInputs = new WeakMap<InputSpec, CompiledInput>();

function compiledInput(entry: InputSpec): CompiledInput {
  let compiled = compiledInputs.get(entry);
  if (!compiled) {
    const { input } = entry.tool;
    compiled = {
      // Plugins must not use this name, so a property of this name comes from core.
      takesConnection: Object.hasOwn(propertiesOf(entry), 'connection'),
      schema: 'jsonSchema' in input ? undefined : compiledSchema(strictSchema(input)),
    };
    compiledInputs.set(entry, compiled);
  }
  return compiled;
}

function parse(entry: InputSpec, schema: z.ZodType | undefined, args: Readonly<Record<string, unknown>>): unknown {
  const parsed = schema?.safeParse(args, { error: explain });
  if (parsed?.success) return parsed.data;
  const names = Object.keys(propertiesOf(entry));
  const refuse = (issues: readonly z.core.$ZodIssue[]) =>
    refused(
      entry,
      // At the root, the known keys come from the wire schema, because `connection` is a key only there.
      issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys' && issue.path.length === 0 ? [unknownKeys(issue.keys, names)] : problemsOf(issue, []),
      ),
    );
  if (parsed) throw refuse(parsed.error.issues);
  const unknown = entry.inputSchema['additionalProperties'] === true ? [] : Object.keys(args).filter((key) => !names.includes(key));
  if (unknown.length > 0) throw refused(entry, [unknownKeys(unknown, names)]);
  try {
    return entry.tool.input.parse(args);
  } catch (error) {
    if (ToolError.is(error)) throw error;
    if (isZodError(error)) throw refuse(error.issues);
    throw refused(entry, [error instanceof Error ? error.message : 'they do not fit the schema']);
  }
}

function refused(entry: InputSpec, problems: readonly string[]): ToolError {
  const lines = problems.slice(0, maxProblems).map((problem) => `- ${cut(problem, maxProblemLength)}`);
  if (problems.length > maxProblems) lines.push(`- and ${problems.length - maxProblems} more`);
  return new ToolError('INVALID_INPUT', `${entry.name} was not run. Correct the arguments and call it again:\n${lines.join('\n')}`);
}

/** Returns a line for each problem. For a union, returns only the problems of the alternative that fits best. */
function problemsOf(issue: z.core.$ZodIssue, outer: readonly PropertyKey[]): string[] {
  const path = [...outer, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const wrongKind = (alternative: readonly z.core.$ZodIssue[]) =>
      alternative.some(({ code, path: at }) => code === 'invalid_type' && at.length === 0);
    const near = issue.errors.filter((alternative) => !wrongKind(alternative)).sort((a, b) => a.length - b.length)[0];
    if (near) return near.flatMap((inner) => problemsOf(inner, path));
    const kinds = issue.errors.flat().map((inner) => ('expected' in inner ? String(inner.expected) : inner.message));
    return [`${dotted(path)}must be one of: ${[...new Set(kinds)].join(', ')}`];
  }
  return [`${dotted(path)}${issue.message}`];
}

function dotted(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return `${cut(steps.replace(/^\./, ''), 100)}: `;
}

/** Returns a clearer message than zod's own. An author's message for a field comes before both. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${article(issue.expected)}`
        : `must be ${article(issue.expected)}, not ${kindOf(issue.input)}`;
    case 'invalid_value': {
      const names = issue.values.map(String);
      const near = typeof issue.input === 'string' ? closest(issue.input, names) : undefined;
      return `must be ${names.length === 1 ? '' : 'one of '}${list(issue.values)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
    }
    case 'unrecognized_keys': {
      const shape = (issue.inst?._zod.def as { shape?: object } | undefined)?.shape ?? {};
      return unknownKeys(issue.keys, Object.keys(shape));
    }
    default:
      return undefined;
  }
}

function unknownKeys(keys: readonly string[], names: readonly string[]): string {
  const unknown = keys.slice(0, 5).map((key) => {
    const near = closest(key, names);
    return `${JSON.stringify(cut(key, 64))}${near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`}`;
  });
  const known = names.length === 0 ? 'there are none' : `known are ${list(names)}`;
  return `unknown ${keys.length === 1 ? 'key' : 'keys'} ${unknown.join(', ')}${keys.length > 5 ? ', …' : ''}; ${known}`;
}

function list(values: readonly unknown[]): string {
  const listed = values.slice(0, maxNames).map((value) => JSON.stringify(value) ?? String(value));
  return listed.join(', ') + (values.length > maxNames ? ', …' : '');
}

function article(kind: string): string {
  const word = kind === 'int' ? 'integer' : kind;
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : `${value}`;
  return article(typeof value);
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function propertiesOf({ inputSchema }: InputSpec): object {
  return isObject(inputSchema['properties']) ? inputSchema['properties'] : {};
}

const isZodError = (error: unknown): error is z.ZodError => error instanceof Error && Array.isArray((error as { issues?: unknown }).issues);
