import type { IncomingHttpHeaders } from 'node:http';
import type { CatalogEntry } from '../../catalog/catalog.ts';
import { isObject } from '../../lib/json-object.ts';

/** A property of a tool's arguments that travels in a header too: `x-mcp-header` in its schema. */
interface Mirrored {
  readonly path: readonly string[];
  readonly header: string;
}

const found = new WeakMap<CatalogEntry, readonly Mirrored[]>();

/**
 * Holds the `Mcp-Param-*` headers of a `tools/call` against its arguments, as revision 2026-07-28 demands: whoever routes or limits by a
 * header must be able to trust it. Returns what is wrong, or undefined.
 */
export function paramHeaderFault(entry: CatalogEntry, args: unknown, headers: IncomingHttpHeaders): string | undefined {
  let mirrored = found.get(entry);
  if (!mirrored) found.set(entry, (mirrored = [...mirroredIn(entry.inputSchema, [])]));
  for (const { path, header } of mirrored) {
    const value = path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), args);
    if (value === undefined || value === null || typeof value === 'object') continue;
    const sent = headers[header.toLowerCase()];
    if (sent === undefined) return `the arguments carry ${path.join('.')}, but the header ${header} is absent`;
    const decoded = decode(String(sent));
    if (decoded === undefined) return `the header ${header} is not valid Base64 between =?base64? and ?=`;
    const same = decoded === String(value) || (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(decoded) && Number(decoded) === value);
    if (!same) return `the header ${header} differs from ${path.join('.')} in the arguments`;
  }
  return undefined;
}

function* mirroredIn(schema: unknown, path: readonly string[]): Generator<Mirrored> {
  if (!isObject(schema)) return;
  const name = schema['x-mcp-header'];
  if (typeof name === 'string' && path.length > 0) yield { path, header: `Mcp-Param-${name}` };
  // Only what can be reached through `properties` alone may be mirrored.
  if (isObject(schema['properties']))
    for (const [key, property] of Object.entries(schema['properties'])) yield* mirroredIn(property, [...path, key]);
}

/** What cannot stand in a header as it is travels as `=?base64?…?=`. Undefined for what only looks like that. */
function decode(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  return Buffer.from(encoded, 'base64').toString('utf8');
}
