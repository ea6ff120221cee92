import type { Connector } from '../connector/connector.ts';
import type { AnyTool } from '../connector/tool.ts';
import { isObject } from '../lib/json-object.ts';
import { closest } from './closest.ts';

// The compiler reports the same mistakes, but not in plain JavaScript, and less clearly if zod has another version.

type Names<T> = { readonly [name in keyof Required<T>]: true };

const connectorNames: Names<Connector> = {
  spec: true,
  id: true,
  config: true,
  connections: true,
  limits: true,
  origins: true,
  authorization: true,
  failure: true,
  open: true,
  tools: true,
  jobs: true,
  webhook: true,
  check: true,
  close: true,
};

const toolNames: Names<AnyTool<unknown>> = {
  name: true,
  description: true,
  effect: true,
  idempotent: true,
  toolsets: true,
  cache: true,
  input: true,
  output: true,
  units: true,
  run: true,
};

/** Finds parts of a connector that are missing, misspelt or of another type. The other checks need a connector without such problems. */
export function* connectorShapeProblems(connector: Connector): Iterable<string> {
  const { id, config, open, tools } = connector as Partial<Connector>;
  yield* misspelt(connector, connectorNames);
  if (typeof id !== 'string') yield 'has no id. Write id: in kebab-case';
  if (!isZodSchema(config)) yield `config ${schemaMistake(config)}`;
  if (typeof open !== 'function') yield 'has no open. Write open: ({ config, http }) => …, which returns the client';
  if (!Array.isArray(tools)) yield 'has no list of tools. Write tools: (tool) => [tool({ … })] in defineConnector';
  else if (!tools.every(isObject)) yield 'has a tool that is not an object. Wrap each tool as tool({ … })';
}

/** Finds parts of a tool that are missing, misspelt or of another type. */
export function* toolShapeProblems(tool: AnyTool<unknown>): Iterable<string> {
  const { name, description, input, output, run } = tool as Partial<AnyTool<unknown>>;
  yield* misspelt(tool, toolNames);
  if (typeof name !== 'string') yield 'has no name. Write name: as <connector>_<verb>_<noun>';
  if (typeof description !== 'string') yield 'has no description. Say what it does and when to use it';
  if (!isSchema(input)) yield `input ${schemaMistake(input)}`;
  if (output !== undefined && !isSchema(output)) yield `output ${schemaMistake(output)}`;
  if (typeof run !== 'function') yield 'has no run. Write run: (input, client, context) => …, which returns the output or a promise of it';
}

/** Finds names that are close to a known name, and are not known themselves. Others may be an author's own. */
export function* misspelt(definition: object, known: Readonly<Record<string, true>>): Iterable<string> {
  for (const name of Object.keys(definition)) {
    const near = Object.hasOwn(known, name) ? undefined : closest(name, Object.keys(known));
    if (near !== undefined) yield `${JSON.stringify(name)} is not a known property. Did you mean ${JSON.stringify(near)}?`;
  }
}

const isZodSchema = (value: unknown): boolean => isObject(value) && '_zod' in value;

const isSchema = (value: unknown): boolean =>
  isZodSchema(value) || (isObject(value) && isObject(value['jsonSchema']) && typeof value['parse'] === 'function');

/** Says what an author wrote instead of a schema, and what to write. */
function schemaMistake(value: unknown): string {
  if (value === undefined || value === null) return 'is missing. Write z.object({ … }), or z.object({}) if it has no properties';
  if (!isObject(value)) return 'is not a schema. Write z.object({ … })';
  if ('_def' in value) return 'is a schema of zod 3. Install zod 4, and import z from it';
  if (Object.values(value).some((part) => isZodSchema(part) || (isObject(part) && '_def' in part)))
    return 'is an object of schemas. Write z.object({ … }) around it';
  return 'is not a schema. Write z.object({ … }), or { jsonSchema, parse } with a JSON Schema and its parser';
}
