import type { z } from 'zod';
import { closest } from './closest.ts';
import { compiledSchema } from './compiled-schema.ts';
import { ToolError } from '../errors.ts';
import { isObject } from '../lib/json-object.ts';
import { strictSchema } from './strict-schema.ts';
import type { AnyTool } from '../connector/tool.ts';

/** What must be known of a tool to validate what it is called with. A catalog's entry is such. */
export interface InputSpec {
  readonly name: string;
  readonly inputSchema: { readonly [keyword: string]: unknown };
  readonly tool: Pick<AnyTool<unknown>, 'input'>;
}

/** What a call brought, taken apart. */
export interface ValidatedInput {
  /** The parsed arguments, without `connection`. */
  readonly input: unknown;
  /** The name of the connection that the caller asked for. */
  readonly connection: string | undefined;
}

const maxProblems = 10;
const maxProblemLength = 300;
const maxNames = 30;

/**
 * Takes the reserved `connection` off and parses the rest, strictly: a key that the tool does not know is refused.
 *
 * @throws {ToolError} INVALID_INPUT, listing up to ten problems, each with its path, what was wrong and what is right.
 */
export function validateInput(entry: InputSpec, args: unknown): ValidatedInput {
  if (args !== undefined && !isObject(args)) throw refused(entry, ['the arguments must be one JSON object']);
  const given = args ?? {};
  const { takesConnection, schema } = compiled(entry);
  if (!takesConnection) return { input: parse(entry, schema, given), connection: undefined };
  const { connection, ...rest } = given;
  if (connection !== undefined && typeof connection !== 'string') {
    throw refused(entry, ['connection: must be the name of a connection, as a string']);
  }
  return { input: parse(entry, schema, rest), connection };
}

/** What of a tool's input is the same for each call. */
interface Compiled {
  readonly takesConnection: boolean;
  /** Strict. Absent where the tool has a parser of its own. */
  readonly schema: z.ZodType | undefined;
}

const made = new WeakMap<InputSpec, Compiled>();

function compiled(entry: InputSpec): Compiled {
  let found = made.get(entry);
  if (!found) {
    const { input } = entry.tool;
    found = {
      // A plugin may not have a property of this name, so where it stands core has put it.
      takesConnection: Object.hasOwn(propertiesOf(entry), 'connection'),
      schema: 'jsonSchema' in input ? undefined : compiledSchema(strictSchema(input)),
    };
    made.set(entry, found);
  }
  return found;
}

function parse(entry: InputSpec, schema: z.ZodType | undefined, args: Readonly<Record<string, unknown>>): unknown {
  const parsed = schema?.safeParse(args, { error: explain });
  if (parsed?.success) return parsed.data;
  const names = Object.keys(propertiesOf(entry));
  const refuse = (issues: readonly z.core.$ZodIssue[]) =>
    refused(
      entry,
      // Of the arguments themselves the wire's names are told: `connection` is one of them.
      issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys' && issue.path.length === 0 ? [unknownKeys(issue.keys, names)] : problems(issue, []),
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

function refused(entry: InputSpec, found: readonly string[]): ToolError {
  const lines = found.slice(0, maxProblems).map((problem) => `- ${cut(problem, maxProblemLength)}`);
  if (found.length > maxProblems) lines.push(`- and ${found.length - maxProblems} more`);
  return new ToolError('INVALID_INPUT', `${entry.name} was not run. Correct the arguments and call it again:\n${lines.join('\n')}`);
}

/** One line for each thing that is wrong. Of a union's alternatives the one that came nearest is told. */
function problems(issue: z.core.$ZodIssue, outer: readonly PropertyKey[]): string[] {
  const path = [...outer, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const wrongKind = (alternative: readonly z.core.$ZodIssue[]) =>
      alternative.some(({ code, path: at }) => code === 'invalid_type' && at.length === 0);
    const near = issue.errors.filter((alternative) => !wrongKind(alternative)).sort((a, b) => a.length - b.length)[0];
    if (near) return near.flatMap((inner) => problems(inner, path));
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

/** What is clearer than zod's own message. An author's message for a field comes before either. */
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
  const said = keys.slice(0, 5).map((key) => {
    const near = closest(key, names);
    return `${JSON.stringify(cut(key, 64))}${near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`}`;
  });
  const known = names.length === 0 ? 'there are none' : `known are ${list(names)}`;
  return `unknown ${keys.length === 1 ? 'key' : 'keys'} ${said.join(', ')}${keys.length > 5 ? ', …' : ''}; ${known}`;
}

function list(values: readonly unknown[]): string {
  const shown = values.slice(0, maxNames).map((value) => JSON.stringify(value) ?? String(value));
  return shown.join(', ') + (values.length > maxNames ? ', …' : '');
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
