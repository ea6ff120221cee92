import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/vendors/', import.meta.url);

/** The vendors' own descriptions and recordings, which stand beside the repository and are no part of it. */
export const vendorDataIsHere = existsSync(folder);

if (!vendorDataIsHere)
  console.warn(
    'Skipped: the tests against Zendesk’s own description and recordings, since ../shared/vendors is not beside the repository.',
  );

/** A recorded exchange with a real account. */
export interface Recording {
  readonly name: string;
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

export function readDescription(): Record<string, unknown> {
  return readJson('openapi/zendesk-support.json') as Record<string, unknown>;
}

/** By name. */
export function readRecordings(): ReadonlyMap<string, Recording> {
  const names = readdirSync(new URL('recorded/zendesk/', folder));
  const all = names.map((name) => readJson(`recorded/zendesk/${name}`) as Recording);
  return new Map(all.filter(({ response }) => response !== undefined).map((recording) => [recording.name, recording]));
}

/** A signature that an older revision of Zendesk's documentation shows. */
export function readWebhookVector(): {
  readonly signingSecret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: string;
} {
  return readJson('recorded/zendesk/webhook-signature-legacy-vector.json') as ReturnType<typeof readWebhookVector>;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as unknown;
