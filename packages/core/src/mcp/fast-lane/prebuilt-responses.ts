import { SerializedAnswer } from '../../answer-json.ts';
import type { CatalogEntry } from '../../catalog/catalog.ts';
import { isPlainText, type Answer } from '../../content.ts';
import type { Host } from '../../host.ts';
import { isPlainObject } from '../../lib/json-object.ts';
import { listedTool } from '../listed-tool.ts';
import { cacheHint, capabilities, implementation } from '../server-info.ts';

/** A host's results that are the same for every request, as bytes up to the request's id. Builds each result when it is first needed. */
export class PrebuiltResponses {
  readonly #serverInfo: object;
  /** The `_meta` of every answer to newer clients. */
  readonly #meta: ResultMeta;
  readonly #modernLists = new WeakMap<readonly CatalogEntry[], Buffer>();
  readonly #olderLists = new WeakMap<readonly CatalogEntry[], Buffer>();
  #pong: Buffer | undefined;

  constructor(host: Host) {
    this.#serverInfo = implementation(host);
    const meta = { 'io.modelcontextprotocol/serverInfo': this.#serverInfo };
    this.#meta = { object: meta, json: JSON.stringify(meta) };
  }

  /** Returns the `tools/list` result for a principal that sees these entries. Pass the same array each time. */
  list(entries: readonly CatalogEntry[], modern: boolean): Buffer {
    const lists = modern ? this.#modernLists : this.#olderLists;
    let bytes = lists.get(entries);
    if (!bytes) {
      const result = { tools: entries.map(listedTool) };
      lists.set(entries, (bytes = beforeId(modern ? this.#complete(result) : result, modern)));
    }
    return bytes;
  }

  /** Returns the `server/discover` result for a principal with these instructions. Not kept, because clients ask once. */
  discovery(instructions: string): Buffer {
    return beforeId(this.#complete({ supportedVersions: ['2026-07-28'], capabilities, ...(instructions && { instructions }) }), true);
  }

  /** Like {@link discovery}, for older clients. */
  initialize(protocolVersion: string, instructions: string): Buffer {
    return beforeId({ protocolVersion, capabilities, serverInfo: this.#serverInfo, ...(instructions && { instructions }) }, false);
  }

  pong(): Buffer {
    return (this.#pong ??= beforeId({}, false));
  }

  /** Returns a tool's plain answer as the JSON of a result. Returns undefined if the SDK has to check the answer first. */
  callResult(answer: Answer, modern: boolean): string | undefined {
    return isPlain(answer) ? callResult(answer, modern ? this.#meta : undefined) : undefined;
  }

  #complete(result: object): object {
    return { ...result, resultType: 'complete', ...cacheHint, _meta: this.#meta.object };
  }
}

interface ResultMeta {
  readonly object: object;
  readonly json: string;
}

/** Adds the parts that are the same in each answer as text. The keys are in the order in which the SDK writes them. */
function callResult(answer: Answer, resultMeta: ResultMeta | undefined): string {
  const { content, structuredContent, isError, meta } = answer;
  const json =
    answer instanceof SerializedAnswer && !meta
      ? answer.json()
      : JSON.stringify({ _meta: meta && { ...meta, ...resultMeta?.object }, content, structuredContent, isError: isError || undefined });
  if (!resultMeta) return json;
  return `${json.slice(0, -1)},"resultType":"complete"${meta ? '' : `,"_meta":${resultMeta.json}`}}`;
}

/**
 * Whether an answer does not need the SDK. Such an answer has only text, structured content that is an object or absent, and no metadata
 * except Busbar's own.
 */
function isPlain({ content, structuredContent, meta }: Answer): boolean {
  for (const part of content) if (!isPlainText(part)) return false;
  if (structuredContent !== undefined && !isRecord(structuredContent)) return false;
  if (meta === undefined) return true;
  if (!isRecord(meta)) return false;
  for (const key of Object.keys(meta)) if (!key.startsWith('busbar/')) return false;
  return true;
}

/** Whether a value is an object that a copy reproduces completely. */
const isRecord = (value: unknown): boolean => isPlainObject(value) && !Object.hasOwn(value, '__proto__');

const beforeId = (result: object, modern: boolean): Buffer =>
  Buffer.from(`${modern ? '' : 'event: message\ndata: '}{"result":${JSON.stringify(result)},"jsonrpc":"2.0","id":`);
