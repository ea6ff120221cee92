import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '../../lib/json-object.ts';
import { answerTypes } from '../request/answer-types.ts';

/** A request that needs no SDK, because the SDK would accept every part of it unchanged. */
export type PlainRequest = PlainCall | PlainInitialize | PlainQuery;

interface PlainBase {
  /** Whether the request uses revision 2026-07-28 rather than an older one. */
  readonly modern: boolean;
  readonly id: string | number;
}

/** A `tools/call` that asks for no progress and carries no answers from a person. */
export interface PlainCall extends PlainBase {
  readonly method: 'tools/call';
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
}

interface PlainInitialize extends PlainBase {
  readonly method: 'initialize';
  /** A protocol revision that the server supports. */
  readonly protocolVersion: string;
}

interface PlainQuery extends PlainBase {
  readonly method: 'tools/list' | 'server/discover' | 'ping';
}

type Json = Readonly<Record<string, unknown>>;

const modernRevision = '2026-07-28';
// The older revisions that the SDK serves. Requests of a revision that the SDK adds go to the SDK until this list has it.
const olderRevisions: ReadonlySet<unknown> = new Set(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']);

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const clientKey = 'io.modelcontextprotocol/clientInfo';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/**
 * Recognizes well-formed requests for the most frequent methods. Returns undefined for any other request, valid or not, and the SDK then
 * handles it. This function may therefore recognize too few requests, but never too many.
 */
export function plainRequest(message: unknown, headers: IncomingHttpHeaders): PlainRequest | undefined {
  if (!isObject(message) || !hasOnly(message, messageKeys) || message['jsonrpc'] !== '2.0') return undefined;
  const { id, method, params = {} } = message;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  if (!isObject(params)) return undefined;
  const meta = params['_meta'] ?? {};
  if (!isObject(meta) || params['_meta'] === null) return undefined;
  const modern = Object.hasOwn(meta, versionKey);
  const ok = modern ? isModern(method, params, meta, headers) : isOlder(meta, headers);
  if (!ok) return undefined;
  const plain: PlainBase = { modern, id: id as string | number };
  switch (method) {
    case 'tools/call':
      return plainCall(plain, params, meta, headers);
    case 'tools/list':
      return hasOnly(params, metaKeys) ? { ...plain, method } : undefined;
    case 'server/discover':
      return modern && hasOnly(params, metaKeys) ? { ...plain, method } : undefined;
    case 'ping':
      return !modern && hasOnly(params, metaKeys) ? { ...plain, method } : undefined;
    case 'initialize': {
      const { protocolVersion, capabilities, clientInfo } = params;
      const known = !modern && hasOnly(params, initializeKeys) && olderRevisions.has(protocolVersion);
      if (!known || !areCapabilities(capabilities) || !isImplementation(clientInfo)) return undefined;
      return { ...plain, method, protocolVersion: String(protocolVersion) };
    }
    default:
      return undefined;
  }
}

const messageKeys: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const metaKeys: ReadonlySet<string> = new Set(['_meta']);
const callKeys: ReadonlySet<string> = new Set(['_meta', 'name', 'arguments']);
const initializeKeys: ReadonlySet<string> = new Set(['_meta', 'protocolVersion', 'capabilities', 'clientInfo']);

/** Whether the headers agree with the body and the envelope is complete. */
function isModern(method: unknown, params: Json, meta: Json, headers: IncomingHttpHeaders): boolean {
  if (meta[versionKey] !== modernRevision || headers['mcp-protocol-version'] !== modernRevision) return false;
  // The SDK lane converts the answer.
  if (answerTypes(headers.accept) === 'stream') return false;
  if (headers['mcp-method'] !== method) return false;
  // The SDK decodes names that clients had to encode.
  if (method === 'tools/call' && (headers['mcp-name'] !== params['name'] || String(params['name']).startsWith('=?'))) return false;
  if (!areCapabilities(meta[capabilitiesKey])) return false;
  if (Object.hasOwn(meta, clientKey) && !isImplementation(meta[clientKey])) return false;
  return hasPlainRest(meta);
}

/** Whether a request has no envelope, belongs to a supported revision, and comes from a client that takes a stream. */
function isOlder(meta: Json, headers: IncomingHttpHeaders): boolean {
  const { accept, 'mcp-protocol-version': version } = headers;
  if (answerTypes(accept) === 'json') return false;
  if (version !== undefined && !olderRevisions.has(version)) return false;
  return !Object.hasOwn(meta, clientKey) && !Object.hasOwn(meta, capabilitiesKey) && hasPlainRest(meta);
}

/** Whether the metadata has no keys that the protocol reserves, except for the envelope. */
function hasPlainRest(meta: Json): boolean {
  for (const key of Object.keys(meta)) {
    if (key === versionKey || key === clientKey || key === capabilitiesKey) continue;
    if (key === 'progressToken' || key === '__proto__' || key.startsWith('io.modelcontextprotocol/')) return false;
  }
  return true;
}

function plainCall(plain: PlainBase, params: Json, meta: Json, headers: IncomingHttpHeaders): PlainCall | undefined {
  if (!hasOnly(params, callKeys)) return undefined;
  const { name, arguments: args = {} } = params;
  if (typeof name !== 'string' || !isObject(args) || Object.hasOwn(args, '__proto__')) return undefined;
  const idempotencyKey = meta['busbar/idempotencyKey'];
  if (idempotencyKey !== undefined && !isKey(idempotencyKey)) return undefined;
  const traceparent = meta['traceparent'] ?? headers['traceparent'];
  if (traceparent !== undefined && typeof traceparent !== 'string') return undefined;
  const { modern, id } = plain;
  return { modern, id, method: 'tools/call', name, arguments: args, idempotencyKey, traceparent };
}

const isKey = (value: unknown): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 255;

/** Whether a value declares a client's capabilities in one of the common forms. */
function areCapabilities(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const [name, capability] of Object.entries(value)) {
    const known = name === 'roots' ? rootsKeys : name === 'elicitation' ? elicitationKeys : name === 'sampling' ? samplingKeys : undefined;
    if (!known || !isObject(capability) || !hasOnly(capability, known)) return false;
    for (const detail of Object.values(capability))
      if (name === 'roots' ? typeof detail !== 'boolean' : !isObject(detail) || Object.keys(detail).length > 0) return false;
  }
  return true;
}

const rootsKeys: ReadonlySet<string> = new Set(['listChanged']);
const elicitationKeys: ReadonlySet<string> = new Set(['form', 'url']);
const samplingKeys: ReadonlySet<string> = new Set(['context', 'tools']);

const implementationKeys: ReadonlySet<string> = new Set(['name', 'version', 'title', 'websiteUrl', 'description']);

function isImplementation(value: unknown): boolean {
  return (
    isObject(value) &&
    hasOnly(value, implementationKeys) &&
    typeof value['name'] === 'string' &&
    typeof value['version'] === 'string' &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

function hasOnly(value: Json, keys: ReadonlySet<string>): boolean {
  for (const key of Object.keys(value)) if (!keys.has(key)) return false;
  return true;
}
