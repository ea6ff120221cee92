import { readVendorData } from '../../../test/vendor-descriptions/vendor-data.ts';

type Json = Record<string, unknown>;

/**
 * Returns SendGrid's API description as the judge needs it: objects that list their properties allow no others, also inside lists. The
 * description itself leaves objects open.
 */
export function readDescription(): Json {
  const description = readVendorData<Json>('openapi/sendgrid-v3.json');
  closeObjects(description['paths']);
  closeObjects(description['components']);
  return description;
}

/** If several schemas describe one object together, none of them may forbid additional properties on its own. */
function closeObjects(value: unknown, joined = false): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = value as Json;
  const joins = joined || 'allOf' in schema || 'anyOf' in schema || 'oneOf' in schema;
  if (!joins && schema['type'] === 'object' && schema['properties'] !== undefined) schema['additionalProperties'] ??= false;
  for (const part of Object.values(schema)) closeObjects(part, joins);
}
