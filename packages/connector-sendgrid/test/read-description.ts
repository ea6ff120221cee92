import { readVendorData } from '../../../test/vendor-descriptions/vendor-data.ts';

type Json = Record<string, unknown>;

/**
 * Reads SendGrid's description, and closes every object that lists its properties, which the description itself leaves open: the judge then
 * refuses undescribed keys also in the alternatives of an object.
 */
export function readDescription(): Json {
  const description = readVendorData<Json>('openapi/sendgrid-v3.json');
  closeObjects(description['paths']);
  closeObjects(description['components']);
  return description;
}

/** Closes objects. An object that is joined from several schemas stays open, since each of them would refuse the others' properties. */
function closeObjects(value: unknown, joined = false): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = value as Json;
  const joins = joined || 'allOf' in schema || 'anyOf' in schema || 'oneOf' in schema;
  if (!joins && schema['type'] === 'object' && schema['properties'] !== undefined) schema['additionalProperties'] ??= false;
  for (const part of Object.values(schema)) closeObjects(part, joins);
}
