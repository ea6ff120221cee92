import { ToolError } from '../errors.ts';
import type { Fields, RepeatableFields } from '../connector/http.ts';

/**
 * Fills a path template and its query. Encodes every value, so that a model's argument can neither leave its path segment nor add another
 * segment. Escapes `/`, `?` and `#`, and refuses `.` and `..` as parts of a path.
 *
 * @throws {ToolError} INVALID_INPUT for a value that a path cannot hold.
 * @throws {TypeError} if `params` and the template's `{names}` do not match, which is a fault in the connector.
 */
export function requestUrl(origin: string, template: string, params: Fields = {}, query: RepeatableFields = {}): URL {
  const used = new Set<string>();
  const path = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`params.${name} is missing for the path ${template}`);
    const text = String(value);
    if (text === '') throw new ToolError('INVALID_INPUT', `${name} is empty. Give its value.`);
    if (leavesSegment(text))
      throw new ToolError('INVALID_INPUT', `${name} is not valid: it may not contain "." or ".." as a part of a path.`);
    if (!text.isWellFormed()) throw new ToolError('INVALID_INPUT', `${name} is not valid: it contains half of a character.`);
    used.add(name);
    return encodeURIComponent(text);
  });
  const stray = Object.keys(params).find((name) => !used.has(name));
  if (stray !== undefined) throw new TypeError(`params.${stray} has no place in the path ${template}`);
  const url = new URL(path, origin);
  if (url.origin !== origin) throw new TypeError(`The path ${template} leaves its origin`);
  appendFields(url.searchParams, query);
  return url;
}

/**
 * Whether a value, or what a server makes of it that decodes it once more than it should, is or contains `.` or `..` between slashes.
 * The encoded value stays in its segment, unless a proxy of the vendor decodes it first.
 */
function leavesSegment(text: string): boolean {
  return /(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(
    text.replaceAll(/%(?:25)*(2e|2f|5c)/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  );
}

/** Encodes a form body (`application/x-www-form-urlencoded`). */
export function formBody(fields: RepeatableFields): string {
  const form = new URLSearchParams();
  appendFields(form, fields);
  return form.toString();
}

function appendFields(to: URLSearchParams, fields: RepeatableFields): void {
  for (const [name, value] of Object.entries(fields))
    for (const item of [value].flat()) if (item !== undefined) to.append(name, String(item));
}
