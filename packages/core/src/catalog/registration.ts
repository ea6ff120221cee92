import type { Connector } from '../connector/connector.ts';
import type { AnyTool } from '../connector/tool.ts';
import { isObject } from '../lib/json-object.ts';
import { connectorShapeProblems, toolShapeProblems } from './definition-shape.ts';
import { portableSchema } from './portable-schema.ts';

const effects: ReadonlySet<string> = new Set(['read', 'write', 'destructive']);
const maxNameLength = 48;
const maxDescriptionLength = 1_024;
const maxToolsetLength = 64;

/**
 * Checks one connector, as a host does when it starts.
 *
 * @throws {TypeError} listing everything that is wrong with it.
 */
export function checkConnector(connector: Connector): void {
  checkConnectors([connector]);
}

/**
 * Checks connectors one by one and against each other. The message tells their authors where each problem is and what to do about it.
 *
 * @throws {TypeError} listing everything that is wrong with all of them.
 */
export function checkConnectors(connectors: readonly Connector[]): void {
  const stray = connectors.findIndex((connector) => !isObject(connector));
  if (stray !== -1) throw new TypeError(`connectors[${stray}] is not a connector. Pass what defineConnector returns.`);
  const problems = connectors.flatMap((connector) => [...connectorProblems(connector)].map((problem) => `${connector.id}: ${problem}`));
  for (const id of duplicates(connectors.map(({ id }) => id))) problems.push(`${id}: two connectors have this id`);
  const tools = connectors.flatMap(({ tools: own }) =>
    Array.isArray(own) ? own.flatMap((tool: Partial<AnyTool<unknown>> | undefined) => tool?.name ?? []) : [],
  );
  for (const name of duplicates(tools)) problems.push(`${name}: two tools have this name`);
  if (problems.length === 0) return;
  throw new TypeError(
    `${problems.length === 1 ? 'A problem' : `${problems.length} problems`} with the connectors:\n- ${problems.join('\n- ')}`,
  );
}

function* connectorProblems(connector: Connector): Iterable<string> {
  const shape = [...connectorShapeProblems(connector)];
  if (shape.length > 0) return yield* shape;
  const { id, spec, config, connections, authorization, origins, tools } = connector;
  if ((spec as string) !== 'v1') yield `is written for contract ${String(spec)}, and this is contract v1. Install versions that match`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) yield 'the id must be kebab-case: lower-case letters and digits with single hyphens';
  if ((config._zod.def as { type: string }).type !== 'object') yield 'config must be a zod object';
  if (connections !== undefined && connections !== 'one' && connections !== 'many') yield 'connections must be "one" or "many"';
  if (authorization && !origins) yield 'has authorization but no origins, so there is nowhere to send it. Declare origins';
  yield* limitProblems(connector);
  yield* jobProblems(connector);
  yield* webhookProblems(connector);
  for (const tool of tools) for (const problem of toolProblems(id, tool)) yield `${tool.name}: ${problem}`;
}

function* limitProblems({ limits = {} }: Connector): Iterable<string> {
  for (const [name, { requests, windowMs, concurrent, readRateLimit }] of Object.entries(limits)) {
    if ((requests === undefined) !== (windowMs === undefined)) yield `limit ${name}: requests and windowMs go together`;
    if (requests === undefined && concurrent === undefined && !readRateLimit)
      yield `limit ${name}: limits nothing. Give requests and windowMs, concurrent, or readRateLimit`;
    for (const value of [requests, windowMs, concurrent]) {
      if (value !== undefined && !(Number.isInteger(value) && value > 0)) yield `limit ${name}: ${value} is not a positive whole number`;
    }
  }
}

function* jobProblems({ jobs = [] }: Connector): Iterable<string> {
  for (const name of duplicates(jobs.map((job) => job.name))) yield `job ${name}: two jobs have this name`;
  for (const { name, everyMs } of jobs) {
    if (!/^[a-z][a-z0-9-]{0,47}$/.test(name)) yield `job ${name}: the name must be kebab-case, at most 48 characters`;
    if (everyMs !== undefined && !(everyMs >= 1_000)) yield `job ${name}: everyMs must be at least 1000`;
  }
}

function* webhookProblems({ webhook }: Connector): Iterable<string> {
  if (!webhook) return;
  const { name, max, whenFull } = webhook.log;
  if (name === '') yield 'webhook: the log needs a name';
  if (!(Number.isInteger(max) && max > 0)) yield 'webhook: the log needs a max of at least 1';
  if (whenFull !== 'refuse' && whenFull !== 'drop-oldest') yield 'webhook: whenFull must be "refuse" or "drop-oldest"';
}

function* toolProblems(id: string, tool: AnyTool<unknown>): Iterable<string> {
  const shape = [...toolShapeProblems(tool)];
  if (shape.length > 0) return yield* shape;
  const { name, description, effect, toolsets, cache, input, output } = tool;
  const prefix = `${id.replaceAll('-', '_')}_`;
  if (!name.startsWith(prefix) || !/^[a-z0-9]+(_[a-z0-9]+)+$/.test(name)) {
    yield `the name must be ${prefix}<verb>_<noun>, of lower-case letters, digits and single underscores`;
  }
  if (name.length > maxNameLength) yield `the name has ${name.length} characters; the limit is ${maxNameLength}`;
  if (description.trim() === '') yield 'has no description. Say what it does and when to use it';
  if (description.length > maxDescriptionLength)
    yield `the description has ${description.length} characters; the limit is ${maxDescriptionLength}`;
  if (!effects.has(effect)) yield 'effect must be "read", "write" or "destructive"';
  if (cache && effect !== 'read') yield `has a cache and the effect "${effect}": only reads may be cached`;
  if (cache && !(cache.ttlMs > 0)) yield 'cache.ttlMs must be more than 0';
  if (toolsets) yield* toolsetProblems(toolsets);
  const schema = portableSchema(input, 'input');
  for (const problem of schema.problems) yield `input: ${problem}`;
  if (Object.hasOwn(schema.jsonSchema['properties'] ?? {}, 'connection')) {
    yield 'input: connection is a reserved name: callers choose the connection with it. Call the property something else';
  }
  if (output) for (const problem of portableSchema(output, 'output').problems) yield `output: ${problem}`;
}

function* toolsetProblems(toolsets: readonly string[]): Iterable<string> {
  if (toolsets.length === 0) yield 'is in no toolset, so no one could use it. Leave toolsets out for the default toolset';
  for (const name of duplicates(toolsets)) yield `is listed twice in toolset ${name}`;
  for (const name of toolsets) {
    if (name.trim() === '' || name.length > maxToolsetLength) yield `the name of a toolset must have 1 to ${maxToolsetLength} characters`;
  }
}

function duplicates(names: readonly string[]): Set<string> {
  return new Set(names.filter((name, i) => names.indexOf(name) !== i));
}
