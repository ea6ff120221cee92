import type { z } from 'zod';
import type { AnyTool } from '../connector/tool.ts';
import { ToolError } from '../errors.ts';
import { isObject } from '../lib/json-object.ts';
import { findInexactNumber } from '../lib/inexact-number.ts';
import { compiledSchema } from './compiled-schema.ts';
import type { RawSchema } from './describe-schema.ts';
import { cut, explain, unknownKeys } from './explain-issue.ts';
import { dotted, inputProblems } from './input-problems.ts';
import { readJsonTexts } from './json-texts.ts';
import { hasNull, optionalCursors, withoutEmptyCursors, withoutNulls } from './not-given.ts';
import { portableSchema } from './portable-schema.ts';
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
  /** The names of the inputs for which null counted as absent. Undefined if there are none. */
  readonly nulls?: readonly string[] | undefined;
  /** The arguments, without `connection`, if the JSON texts of some were replaced by their values. */
  readonly values?: Arguments;
}

type Arguments = Readonly<Record<string, unknown>>;

const maxProblems = 10;
const maxProblemLength = 300;

/**
 * Removes the reserved argument `connection` and parses the other arguments strictly, so that unknown keys are refused. Null for an
 * optional input counts as absent, unless the input accepts null. So does an empty cursor. The JSON text of a value counts as the value
 * where the input takes no text.
 *
 * @throws {ToolError} INVALID_INPUT, listing up to ten problems, each with its path, the mistake and the correct form.
 */
export function validateInput(entry: InputSpec, args: unknown): ValidatedInput {
  if (args !== undefined && args !== null && !isObject(args)) throw refused(entry, ['the arguments must be one JSON object']);
  const values = args ?? {};
  const inexact = findInexactNumber(values);
  if (inexact) throw refused(entry, [`${dotted(inexact)}has more digits than a JSON number keeps. ${asString}`]);
  const compiled = compiledInput(entry);
  if (!compiled.takesConnection) return parse(entry, compiled, values, undefined);
  const { connection, ...rest } = values;
  if (connection !== undefined && connection !== null && typeof connection !== 'string') {
    throw refused(entry, ['connection: must be the name of a connection, as a string']);
  }
  return parse(entry, compiled, rest, connection ?? undefined);
}

const asString = 'Pass it as a string, if this input takes one';

/** The part of a tool's validation that is the same for each call. */
interface CompiledInput {
  readonly takesConnection: boolean;
  /** Refuses unknown keys. Absent if the tool has its own parser. */
  readonly schema: z.ZodType | undefined;
  readonly jsonSchema: RawSchema;
  readonly cursors: readonly string[];
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
      jsonSchema: portableSchema(input, 'input').raw,
      cursors: optionalCursors(entry.inputSchema),
    };
    compiledInputs.set(entry, compiled);
  }
  return compiled;
}

function parse(entry: InputSpec, compiled: CompiledInput, args: Arguments, connection: string | undefined): ValidatedInput {
  try {
    return parseValues(entry, compiled, args, connection);
  } catch (error) {
    // Only now, because few clients send the JSON texts of values.
    const values = readJsonTexts(compiled.jsonSchema, args);
    if (values === args) throw error;
    return { ...parseValues(entry, compiled, values, connection), values };
  }
}

function parseValues(
  entry: InputSpec,
  { schema, jsonSchema, cursors }: CompiledInput,
  args: Arguments,
  connection: string | undefined,
): ValidatedInput {
  let given = withoutEmptyCursors(cursors, args);
  let nulls: readonly string[] | undefined;
  // Before the schema is asked, because a schema that converts would make 0 or "null" of null.
  if (hasNull(given)) ({ given, nulls } = withoutNulls(jsonSchema, given));
  if (!schema) return { input: parseByPlugin(entry, given), connection, nulls };
  const parsed = schema.safeParse(given, reporting);
  if (parsed.success) return { input: parsed.data, connection, nulls };
  throw misfit(entry, parsed.error.issues);
}

// The types of the values decide which alternative of a union is described. No message repeats a value.
const reporting = { error: explain, reportInput: true };

function parseByPlugin(entry: InputSpec, args: object): unknown {
  const names = Object.keys(propertiesOf(entry));
  const unknown = entry.inputSchema['additionalProperties'] === true ? [] : Object.keys(args).filter((key) => !names.includes(key));
  if (unknown.length > 0) throw refused(entry, [unknownKeys(unknown, names)]);
  try {
    return entry.tool.input.parse(args);
  } catch (error) {
    if (ToolError.is(error)) throw error;
    if (isZodError(error)) throw misfit(entry, error.issues);
    throw refused(entry, [error instanceof Error ? error.message : 'they do not fit the schema']);
  }
}

function misfit(entry: InputSpec, issues: readonly z.core.$ZodIssue[]): ToolError {
  const names = Object.keys(propertiesOf(entry));
  // At the root, the known keys come from the wire schema, because `connection` is a key only there.
  const named = issues.map((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? { ...issue, message: unknownKeys(issue.keys, names) } : issue,
  );
  return refused(entry, inputProblems(named));
}

function refused(entry: InputSpec, problems: readonly string[]): ToolError {
  const lines = problems.slice(0, maxProblems).map((problem) => `- ${cut(problem, maxProblemLength)}`);
  if (problems.length > maxProblems) lines.push(`- and ${problems.length - maxProblems} more`);
  return new ToolError('INVALID_INPUT', `${entry.name} was not run. Correct the arguments and call it again:\n${lines.join('\n')}`);
}

function propertiesOf({ inputSchema }: InputSpec): object {
  return isObject(inputSchema['properties']) ? inputSchema['properties'] : {};
}

const isZodError = (error: unknown): error is z.ZodError => error instanceof Error && Array.isArray((error as { issues?: unknown }).issues);
