import { ToolError, type CallContext } from '@busbar/core';
import type { SalesforceClient } from '../client.ts';
import { locatorOf, type CompositePart } from '../client/queries.ts';
import { codeOf, problemsIn } from '../failure/problems.ts';
import { refusalOf } from '../failure/refusal-of.ts';
import { plainRecord } from '../plain-record.ts';
import { QueryAnswer } from '../schemas.ts';
import { usedLimits } from '../used-limits.ts';
import type { Rows, Source } from './org-check.ts';

/** Why a source could not be read. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** The results of all sources. */
export interface Gathered {
  /** Returns the result of a source. Undefined if the source was not requested. */
  of(source: Source): Rows | Refused | undefined;
  /** The number of API calls, without retries. */
  readonly apiCalls: number;
}

type QuerySource = Source & { readonly kind: 'query' };

/** One API call and the sources that it reads. */
interface Call {
  readonly sources: readonly Source[];
  /** Reads the sources. The readings are in their order. */
  read(): Promise<readonly Reading[]>;
}

interface Reading {
  readonly result: Rows | Refused;
  /** Names the next page, if there is one. */
  readonly locator?: string | undefined;
  /** Whether the source failed, and may be read the next time. */
  readonly temporary?: boolean;
}

/** The number of queries that Salesforce accepts in one composite request. */
const queriesPerCall = 5;
/** The number of rows on the largest page that Salesforce sends. Looking at more would stop all other calls for a noticeable time. */
const rowsPerPage = 2_000;
/** Errors that end one check but not all checks: a missing right, or a failing part of Salesforce. */
const partial = new Set(['FORBIDDEN', 'NOT_FOUND', 'UPSTREAM_REJECTED', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_INVALID']);

/** Whether a source could not be read. */
export const isRefused = (result: Rows | Refused): result is Refused => 'code' in result;

/**
 * Reads sources in at most `maxCalls` API calls. Equal sources are read only once, and up to five queries share a call. A call whose parts
 * all failed for a moment is made once more. Queries that need all their rows are read page by page as long as calls are left.
 *
 * @throws {ToolError} if no source could be read, or the org's limit on requests is reached.
 */
export async function gather(
  client: SalesforceClient,
  context: CallContext,
  sources: readonly Source[],
  maxCalls: number,
): Promise<Gathered> {
  const calls = callsFor(client, context, [...new Map(sources.map((source) => [keyOf(source), source])).values()]);
  const results = new Map<string, Rows | Refused>();
  const unread: { readonly source: QuerySource; readonly locator: string }[] = [];
  let firstError: ToolError | undefined;
  let apiCalls = calls.length;
  let done = 0;

  await Promise.all(
    calls.map(async ({ sources: wanted, read }) => {
      try {
        let readings = await read();
        // Every part failed inside a 200, which core does not see. All of it is reading, and may succeed the next time.
        if (readings.every(({ temporary }) => temporary)) {
          apiCalls += 1;
          readings = await read();
        }
        for (const [index, { result, locator }] of readings.entries()) {
          const source = wanted[index];
          if (!source) continue;
          results.set(keyOf(source), result);
          if (source.kind === 'query' && source.all && locator !== undefined) unread.push({ source, locator });
        }
      } catch (error) {
        if (!isPartial(error)) throw error;
        firstError ??= error;
        for (const source of wanted) results.set(keyOf(source), { code: error.code, message: error.message });
      }
      context.progress((done += 1), calls.length);
    }),
  );
  if (firstError !== undefined && [...results.values()].every(isRefused)) throw firstError;

  for (let next = unread.shift(); next && apiCalls < maxCalls; next = unread.shift()) {
    const { source, locator } = next;
    const before = results.get(keyOf(source));
    if (!before || isRefused(before)) continue;
    apiCalls += 1;
    const page = await client.queryMore(source.api, locator, context).catch((error: unknown) => {
      if (isPartial(error)) return undefined;
      throw error;
    });
    if (!page) continue;
    const more = locatorOf(page);
    const rows = [...before.rows, ...page.records.slice(0, rowsPerPage).map((record) => plainRecord(record))];
    results.set(keyOf(source), { ...before, rows, whole: page.done !== false && page.records.length <= rowsPerPage });
    // A page that names itself as the next would be read for ever.
    if (more !== undefined && more !== locator) unread.push({ source, locator: more });
  }
  return { of: (source) => results.get(keyOf(source)), apiCalls };
}

/** Equal sources have equal keys. */
const keyOf = (source: Source): string => JSON.stringify(source);

const isPartial = (error: unknown): error is ToolError => ToolError.is(error) && partial.has(error.code);

/** The API calls that read the sources: queries in groups, by API, and every other source in its own call. */
function callsFor(client: SalesforceClient, context: CallContext, sources: readonly Source[]): Call[] {
  const queries = sources.filter((source) => source.kind === 'query');
  const grouped = (['data', 'tooling'] as const).flatMap((api) =>
    inGroups(
      queries.filter((source) => source.api === api),
      queriesPerCall,
    ).map((group): Call => {
      const soql = group.map((source) => source.soql);
      return { sources: group, read: async () => (await client.queryTogether(api, soql, context)).map(readPart) };
    }),
  );
  const others = sources.flatMap((source): Call[] => {
    if (source.kind === 'query') return [];
    return [{ sources: [source], read: async () => [{ result: wholeRows(await readOther(client, context, source)) }] }];
  });
  return [...grouped, ...others];
}

function readPart({ status, body }: CompositePart): Reading {
  const page = status === 200 ? readPage(body) : undefined;
  if (!page) {
    const problems = problemsIn(body);
    const [problem] = problems;
    const code = (problem && codeOf(problem)) || `HTTP ${status}`;
    return {
      result: { code, message: problem?.message ?? 'no reason given' },
      temporary: status >= 400 && refusalOf(status, problems).code === 'UPSTREAM_UNAVAILABLE',
    };
  }
  const { answer, cut } = page;
  const rows = answer.records.map((record) => plainRecord(record));
  const whole = answer.done !== false && !cut;
  return { result: { rows, total: answer.totalSize ?? rows.length, whole }, locator: locatorOf(answer) };
}

/** Reads the answer to a query. Of a page that is larger than Salesforce's, only the first rows are checked and kept. */
function readPage(body: unknown): { readonly answer: QueryAnswer; readonly cut: boolean } | undefined {
  const { records } = Object(body) as { records?: unknown };
  const cut = Array.isArray(records) && records.length > rowsPerPage;
  const answer = QueryAnswer.safeParse(cut ? { ...Object(body), records: records.slice(0, rowsPerPage) } : body).data;
  return answer && { answer, cut };
}

async function readOther(client: SalesforceClient, context: CallContext, source: Exclude<Source, QuerySource>): Promise<Rows['rows']> {
  if (source.kind === 'counts') return (await client.countRecords(source.objects, context)).sObjects ?? [];
  return usedLimits(await client.getLimits(context)).map((limit) => ({ ...limit }));
}

const wholeRows = (rows: Rows['rows']): Rows => ({ rows, total: rows.length, whole: true });

function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}
