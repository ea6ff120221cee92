import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '../../lib/json-object.ts';

/** A request that can be answered without the SDK: every part of it is one that the SDK takes as it is. */
export type PlainRequest = PlainCall | PlainInitialize | PlainQuestion;

interface Plain {
  /** Of revision 2026-07-28; else of an older one. */
  readonly modern: boolean;
  readonly id: string | number;
}

/** A `tools/call` whose client wants no progress and brings no answers to what it was asked. */
export interface PlainCall extends Plain {
  readonly method: 'tools/call';
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
}

interface PlainInitialize extends Plain {
  readonly method: 'initialize';
  /** One that is served. */
  readonly protocolVersion: string;
}

interface PlainQuestion extends Plain {
  readonly method: 'tools/list' | 'server/discover' | 'ping';
}

type Json = Readonly<Record<string, unknown>>;

const modernRevision = '2026-07-28';
// Those that the SDK serves. A revision that it adds goes to the SDK until it stands here.
const olderRevisions: ReadonlySet<unknown> = new Set(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']);

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const clientKey = 'io.modelcontextprotocol/clientInfo';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/**
 * Recognizes a well-formed request of the methods that clients use all day. Undefined for anything else, right or wrong: the SDK is the
 * judge of it. So this may be too narrow, and must never be too wide.
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
  const plain: Plain = { modern, id: id as string | number };
  switch (method) {
    case 'tools/call':
      return plainCall(plain, params, meta, headers);
    case 'tools/list':
      return hasOnly(params, metaAlone) ? { ...plain, method } : undefined;
    case 'server/discover':
      return modern && hasOnly(params, metaAlone) ? { ...plain, method } : undefined;
    case 'ping':
      return !modern && hasOnly(params, metaAlone) ? { ...plain, method } : undefined;
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
const metaAlone: ReadonlySet<string> = new Set(['_meta']);
const callKeys: ReadonlySet<string> = new Set(['_meta', 'name', 'arguments']);
const initializeKeys: ReadonlySet<string> = new Set(['_meta', 'protocolVersion', 'capabilities', 'clientInfo']);

/** The headers say what the body says, and the envelope is whole. */
function isModern(method: unknown, params: Json, meta: Json, headers: IncomingHttpHeaders): boolean {
  if (meta[versionKey] !== modernRevision || headers['mcp-protocol-version'] !== modernRevision) return false;
  if (headers['mcp-method'] !== method) return false;
  // A name that had to be encoded is for the SDK to decode.
  if (method === 'tools/call' && (headers['mcp-name'] !== params['name'] || String(params['name']).startsWith('=?'))) return false;
  if (!areCapabilities(meta[capabilitiesKey])) return false;
  if (Object.hasOwn(meta, clientKey) && !isImplementation(meta[clientKey])) return false;
  return hasPlainRest(meta);
}

/** Without an envelope, of a revision that is served, from a client that takes both kinds of answer. */
function isOlder(meta: Json, headers: IncomingHttpHeaders): boolean {
  const { accept = '', 'mcp-protocol-version': version } = headers;
  if (!accept.includes('application/json') || !accept.includes('text/event-stream')) return false;
  if (version !== undefined && !olderRevisions.has(version)) return false;
  return !Object.hasOwn(meta, clientKey) && !Object.hasOwn(meta, capabilitiesKey) && hasPlainRest(meta);
}

/** Nothing that the protocol keeps for itself, but for the envelope. */
function hasPlainRest(meta: Json): boolean {
  for (const key of Object.keys(meta)) {
    if (key === versionKey || key === clientKey || key === capabilitiesKey) continue;
    if (key === 'progressToken' || key === '__proto__' || key.startsWith('io.modelcontextprotocol/')) return false;
  }
  return true;
}

function plainCall(plain: Plain, params: Json, meta: Json, headers: IncomingHttpHeaders): PlainCall | undefined {
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

/** What clients say that they can do, in the forms that are common. */
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
