import type { Connector } from '../../packages/core/src/index.ts';
import { portableSchema } from '../../packages/core/src/catalog/portable-schema.ts';

/** A tool call that a test made. */
export interface GivenCall {
  readonly tool: string;
  readonly args: object;
}

type Json = Record<string, unknown>;

/**
 * Lists the inputs that no call has used: tools, fields of their inputs (also nested fields and fields in lists), and the enum and boolean
 * values of a field, as in `zendesk_search_tickets.order = "all"`. If a call leaves a field out, its default counts as used.
 */
export function unusedInputs(connector: Connector, calls: readonly GivenCall[]): string[] {
  return connector.tools.flatMap(({ name, input }) => {
    const given = calls.filter(({ tool }) => tool === name).map(({ args }) => args);
    return given.length === 0 ? [name] : [...missing(portableSchema(input, 'input').jsonSchema, given, name)];
  });
}

function* missing(schema: Json, values: readonly unknown[], path: string): Generator<string> {
  const words = (schema['enum'] as unknown[] | undefined) ?? (schema['type'] === 'boolean' ? [true, false] : []);
  for (const word of words) if (!values.includes(word)) yield `${path} = ${JSON.stringify(word)}`;
  if (schema['items']) yield* missing(schema['items'] as Json, values.flat(), `${path}[]`);
  for (const [name, part] of Object.entries((schema['properties'] ?? {}) as Record<string, Json>)) {
    const found = values.map((value) => (value as Json)[name] ?? part['default']).filter((value) => value !== undefined);
    if (values.every((value) => (value as Json)[name] === undefined)) yield `${path}.${name}`;
    else yield* missing(part, found, `${path}.${name}`);
  }
}
