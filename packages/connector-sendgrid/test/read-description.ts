import { readVendorData } from '../../../test/vendor-descriptions/vendor-data.ts';

type Json = Record<string, unknown>;

/**
 * Returns SendGrid's API description in the form that the judge needs: references to parameters and bodies are resolved, and objects that
 * list their properties allow no others, even inside lists. The description itself allows other properties.
 */
export function readDescription(): Json {
  const description = readVendorData<Json>('openapi/sendgrid-v3.json');
  for (const path of Object.values(description['paths'] as Record<string, Json>)) {
    for (const part of [path, ...Object.values(path)] as (Json | undefined)[]) {
      if (Array.isArray(part?.['parameters'])) {
        part['parameters'] = part['parameters']
          .map((parameter: Json) => resolved(description, parameter))
          .map((parameter) => ({ ...parameter, schema: resolved(description, parameter['schema'] as Json) }));
      }
      if (part?.['requestBody']) part['requestBody'] = resolved(description, part['requestBody'] as Json);
    }
  }
  closeObjects(description['paths']);
  closeObjects(description['components']);
  return description;
}

function resolved(description: Json, part: Json): Json {
  const ref = part['$ref'];
  if (typeof ref !== 'string') return part;
  return resolved(
    description,
    ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Json)[key], description) as Json,
  );
}

/** If several schemas describe one object together, none of them may forbid additional properties on its own. */
function closeObjects(value: unknown, joined = false): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = value as Json;
  const joins = joined || 'allOf' in schema || 'anyOf' in schema || 'oneOf' in schema;
  if (!joins && schema['type'] === 'object' && schema['properties'] !== undefined) schema['additionalProperties'] ??= false;
  for (const part of Object.values(schema)) closeObjects(part, joins);
}
