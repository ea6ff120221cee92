import type { Context } from '@busbar/core';

/**
 * Warns about fields and values that Zendesk ignored in a write, although it reported success. A header names them in a printed Ruby hash:
 * `{:allowed_parameters=>{…, :unpermitted_keys=>["ticket.colour"], :invalid_values=>[]}}`.
 */
export function warnOfIgnoredKeys(headers: Headers, context: Context): void {
  const header = headers.get('x-zendesk-api-warn');
  if (header === null) return;
  const ignored = listIn(header, 'unpermitted_keys');
  const invalid = listIn(header, 'invalid_values');
  if (ignored) context.warn(`Zendesk ignored these fields: ${ignored}.`);
  if (invalid) context.warn(`Zendesk ignored these values: ${invalid}.`);
  if (!ignored && !invalid) context.warn(`Zendesk warns: ${header.slice(0, 300)}`);
}

function listIn(header: string, name: string): string | undefined {
  const list = new RegExp(`:?${name}(?:=>|: ?)\\[([^\\]]*)\\]`).exec(header)?.[1];
  return list?.replaceAll('"', '').slice(0, 300);
}
