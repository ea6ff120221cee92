import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/vendors/', import.meta.url);

/** The vendors' own descriptions and recordings, which stand beside the repository and are no part of it. */
export const vendorDataIsHere = existsSync(folder);

if (!vendorDataIsHere)
  console.warn(
    'Skipped: the tests against SendGrid’s own description and recordings, since ../shared/vendors is not beside the repository.',
  );

type Json = Record<string, unknown>;

/** A recorded answer. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A delivery of the Event Webhook that SendGrid signed. */
export interface RecordedDelivery {
  readonly publicKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: string;
}

export const readAnswer = (name: string): RecordedAnswer =>
  (readJson(`recorded/sendgrid/${name}.json`) as unknown as { response: RecordedAnswer }).response;

export const readDelivery = (name: string): RecordedDelivery => readJson(`recorded/sendgrid/${name}.json`) as unknown as RecordedDelivery;

/**
 * SendGrid's description as a judge reads it: parameters and bodies in their place, headers left out (the host sends them), and objects that list
 * their properties closed, those in lists too, which the description itself leaves open.
 */
export function readDescription(): Json {
  const description = readJson('openapi/sendgrid-v3.json');
  for (const path of Object.values(description['paths'] as Record<string, Json>)) {
    for (const part of [path, ...Object.values(path)] as (Json | undefined)[]) {
      if (Array.isArray(part?.['parameters'])) {
        part['parameters'] = part['parameters']
          .map((parameter: Json) => resolved(description, parameter))
          .filter((parameter) => parameter['in'] !== 'header')
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

/** Of objects that are put together from several schemas none may be closed by itself. */
function closeObjects(value: unknown, joined = false): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = value as Json;
  const joins = joined || 'allOf' in schema || 'anyOf' in schema || 'oneOf' in schema;
  if (!joins && schema['type'] === 'object' && schema['properties'] !== undefined) schema['additionalProperties'] ??= false;
  for (const part of Object.values(schema)) closeObjects(part, joins);
}

const readJson = (path: string): Json => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as Json;
