import type { Context } from '@busbar/core';

/**
 * Shows what Zendesk left out of an answer that it calls a success. It says so in a header alone, as a printed Ruby hash:
 * `{:allowed_parameters=>{…, :unpermitted_keys=>["ticket.colour"], :invalid_values=>[]}}`.
 */
export function warnOfIgnoredKeys(context: Context, headers: Headers): void {
  const header = headers.get('x-zendesk-api-warn');
  if (header === null) return;
  const ignored = listIn(header, 'unpermitted_keys');
  const invalid = listIn(header, 'invalid_values');
  if (ignored) context.warn(`Zendesk did not take these fields and left them out: ${ignored}.`);
  if (invalid) context.warn(`Zendesk did not take these values and left them out: ${invalid}.`);
  if (!ignored && !invalid) context.warn(`Zendesk warns: ${header.slice(0, 300)}`);
}

function listIn(header: string, name: string): string | undefined {
  const list = new RegExp(`:?${name}(?:=>|: ?)\\[([^\\]]*)\\]`).exec(header)?.[1];
  return list?.replaceAll('"', '').slice(0, 300);
}
