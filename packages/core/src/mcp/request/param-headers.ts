import type { IncomingHttpHeaders } from 'node:http';
import type { CatalogEntry } from '../../catalog/catalog.ts';
import { isObject } from '../../lib/json-object.ts';

/** A property of a tool's arguments that clients also send in a header, because its schema has `x-mcp-header`. */
interface MirroredParam {
  readonly path: readonly string[];
  readonly header: string;
}

const mirroredParams = new WeakMap<CatalogEntry, readonly MirroredParam[]>();

/**
 * Compares the `Mcp-Param-*` headers of a `tools/call` with its arguments, as revision 2026-07-28 requires, so that a proxy can trust the
 * headers that it uses to route or limit requests. Returns a description of the first mismatch, or undefined.
 */
export function findParamHeaderFault(entry: CatalogEntry, args: unknown, headers: IncomingHttpHeaders): string | undefined {
  let mirrored = mirroredParams.get(entry);
  if (!mirrored) mirroredParams.set(entry, (mirrored = [...findMirrored(entry.inputSchema, [])]));
  for (const { path, header } of mirrored) {
    const value = path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), args);
    if (value === undefined || value === null || typeof value === 'object') continue;
    const raw = headers[header.toLowerCase()];
    if (raw === undefined) return `the arguments carry ${path.join('.')}, but the header ${header} is absent`;
    const decoded = decode(String(raw));
    if (decoded === undefined) return `the header ${header} is not valid Base64 between =?base64? and ?=`;
    const same = decoded === String(value) || (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(decoded) && Number(decoded) === value);
    if (!same) return `the header ${header} differs from ${path.join('.')} in the arguments`;
  }
  return undefined;
}

function* findMirrored(schema: unknown, path: readonly string[]): Generator<MirroredParam> {
  if (!isObject(schema)) return;
  const name = schema['x-mcp-header'];
  if (typeof name === 'string' && path.length > 0) yield { path, header: `Mcp-Param-${name}` };
  // A schema may mirror only properties that it reaches through `properties` alone.
  if (isObject(schema['properties']))
    for (const [key, property] of Object.entries(schema['properties'])) yield* findMirrored(property, [...path, key]);
}

/** Decodes a header's value. Clients encode text that a header cannot hold as `=?base64?…?=`. Returns undefined for invalid Base64. */
function decode(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  return Buffer.from(encoded, 'base64').toString('utf8');
}
