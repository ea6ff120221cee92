import type { CatalogEntry } from '../../catalog/catalog.ts';
import { ShownAnswer } from '../../answer-json.ts';
import { isPlainText, type Answer } from '../../content.ts';
import type { Host } from '../../host.ts';
import { isPlainObject } from '../../lib/json-object.ts';
import { listedTool } from '../listed-tool.ts';
import { cacheHint, capabilities, implementation } from '../server-info.ts';

/** The results of a host that no request changes, as bytes up to the request's id. Made when they are first asked for. */
export interface PrebuiltResponses {
  /** `tools/list` for a principal that sees these entries. They must be the same array each time. */
  list(entries: readonly CatalogEntry[], modern: boolean): Buffer;
  discovery(): Buffer;
  initialize(protocolVersion: string): Buffer;
  pong(): Buffer;
  /** The JSON of the result that a plain answer of a tool is. Undefined where the SDK has to look at the answer first. */
  call(answer: Answer, modern: boolean): string | undefined;
}

/** See {@link PrebuiltResponses}. */
export function prebuiltResponses(host: Host): PrebuiltResponses {
  const serverInfo = implementation(host);
  const self = { 'io.modelcontextprotocol/serverInfo': serverInfo };
  const identity: Identity = { object: self, json: JSON.stringify(self) };
  const instructions = host.info.instructions ? { instructions: host.info.instructions } : {};
  const complete = (result: object) => ({ ...result, resultType: 'complete', ...cacheHint, _meta: self });
  const lists = { modern: new WeakMap<readonly CatalogEntry[], Buffer>(), older: new WeakMap<readonly CatalogEntry[], Buffer>() };
  // One for each revision that is served.
  const greetings = new Map<string, Buffer>();
  let discovery: Buffer | undefined;
  let pong: Buffer | undefined;

  return {
    list(entries, modern) {
      const made = modern ? lists.modern : lists.older;
      let bytes = made.get(entries);
      if (!bytes) {
        const result = { tools: entries.map(listedTool) };
        made.set(entries, (bytes = beforeId(modern ? complete(result) : result, modern)));
      }
      return bytes;
    },
    discovery: () => (discovery ??= beforeId(complete({ supportedVersions: ['2026-07-28'], capabilities, ...instructions }), true)),
    initialize(protocolVersion) {
      let bytes = greetings.get(protocolVersion);
      if (!bytes) {
        bytes = beforeId({ protocolVersion, capabilities, serverInfo, ...instructions }, false);
        greetings.set(protocolVersion, bytes);
      }
      return bytes;
    },
    pong: () => (pong ??= beforeId({}, false)),
    call: (answer, modern) => (isPlain(answer) ? callResult(answer, modern ? identity : undefined) : undefined),
  };
}

/** What is the same in each answer is joined as text. The keys stand in the order in which the SDK writes them. */
function callResult(answer: Answer, identity: Identity | undefined): string {
  const { content, structuredContent, isError, meta } = answer;
  const json =
    answer instanceof ShownAnswer && !meta
      ? answer.json()
      : JSON.stringify({ _meta: meta && { ...meta, ...identity?.object }, content, structuredContent, isError: isError || undefined });
  if (!identity) return json;
  return `${json.slice(0, -1)},"resultType":"complete"${meta ? '' : `,"_meta":${identity.json}`}}`;
}

/** The server's, which stands in each answer to newer clients. */
interface Identity {
  readonly object: object;
  readonly json: string;
}

/** Text alone, an object or nothing beside it, and no metadata but our own: what needs no second look. */
function isPlain({ content, structuredContent, meta }: Answer): boolean {
  for (const part of content) if (!isPlainText(part)) return false;
  if (structuredContent !== undefined && !isRecord(structuredContent)) return false;
  if (meta === undefined) return true;
  if (!isRecord(meta)) return false;
  for (const key of Object.keys(meta)) if (!key.startsWith('busbar/')) return false;
  return true;
}

/** An object that a copy loses nothing of. */
const isRecord = (value: unknown): boolean => isPlainObject(value) && !Object.hasOwn(value, '__proto__');

const beforeId = (result: object, modern: boolean): Buffer =>
  Buffer.from(`${modern ? '' : 'event: message\ndata: '}{"result":${JSON.stringify(result)},"jsonrpc":"2.0","id":`);
