import { portableSchema } from '../../catalog/portable-schema.ts';
import type { Connector } from '../../connector/connector.ts';
import type { ToolCall } from '../sandbox/open-sandbox.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Lists the inputs that no call has used: tools, fields of their inputs (including nested fields and fields in lists), and the enum and
 * boolean values of a field, as in `zendesk_search_tickets.order = "all"`. If a call leaves a field out, its default counts as used.
 */
export function unusedInputs(connector: Connector, calls: readonly ToolCall[]): string[] {
  return connector.tools.flatMap(({ name, input }) => {
    const inputs = calls.filter(({ tool }) => tool === name).map(({ args }) => args);
    return inputs.length === 0 ? [name] : [...unusedParts(portableSchema(input, 'input').jsonSchema, inputs, name)];
  });
}

function* unusedParts(schema: Schema, values: readonly unknown[], path: string): Generator<string> {
  const choices = (schema['enum'] as unknown[] | undefined) ?? (schema['type'] === 'boolean' ? [true, false] : []);
  for (const choice of choices) if (!values.includes(choice)) yield `${path} = ${JSON.stringify(choice)}`;
  if (schema['items']) yield* unusedParts(schema['items'] as Schema, values.flat(), `${path}[]`);
  for (const [name, part] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
    const fields = values.map((value) => (value as Schema)[name]);
    if (fields.every((field) => field === undefined)) yield `${path}.${name}`;
    else {
      const used = fields.map((field) => field ?? part['default']).filter((field) => field !== undefined);
      yield* unusedParts(part, used, `${path}.${name}`);
    }
  }
}
