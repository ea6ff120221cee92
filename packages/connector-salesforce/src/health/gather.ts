import { ToolError, type CallContext } from '@busbar/core';
import type { SalesforceClient } from '../client.ts';
import { locatorOf, type CompositePart, type QueryApi } from '../client/queries.ts';
import { problemsIn } from '../failure.ts';
import { plainRecord } from '../plain-record.ts';
import { QueryAnswer } from '../schemas.ts';
import { usedLimits } from '../used-limits.ts';
import type { Rows, Source } from './org-check.ts';

/** Why a source gave nothing. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** What all sources gave. */
export interface Gathered {
  /** Undefined for a source that was not asked for. */
  of(source: Source): Rows | Refused | undefined;
  /** How many API calls it took, repetitions of failed ones aside. */
  readonly apiCalls: number;
}

/** As many as Salesforce takes in one composite request. */
const queriesPerCall = 5;
/** What ends a check and not all of them: a right that is missing, or a part of Salesforce that fails. */
const partial = new Set(['FORBIDDEN', 'NOT_FOUND', 'UPSTREAM_REJECTED', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_INVALID']);

/** Whether a source gave nothing. */
export const isRefused = (given: Rows | Refused): given is Refused => 'code' in given;

/**
 * Reads sources in at most `maxCalls` API calls: equal ones once, five queries to a call, and further pages of those that want all their
 * rows for as long as calls are left.
 *
 * @throws {ToolError} where nothing at all could be read.
 */
export async function gather(
  client: SalesforceClient,
  context: CallContext,
  sources: readonly Source[],
  maxCalls: number,
): Promise<Gathered> {
  const given = new Map<string, Rows | Refused>();
  const unread: { readonly source: Source & { kind: 'query' }; locator: string }[] = [];
  const asked = [...new Map(sources.map((source) => [JSON.stringify(source), source])).values()];
  const put = (source: Source, result: Rows | Refused): void => void given.set(JSON.stringify(source), result);
  let firstError: ToolError | undefined;
  let apiCalls = 0;

  async function part(list: readonly Source[], read: () => Promise<void>): Promise<void> {
    apiCalls += 1;
    try {
      await read();
    } catch (error) {
      if (!ToolError.is(error) || !partial.has(error.code)) throw error;
      firstError ??= error;
      for (const source of list) put(source, { code: error.code, message: error.message });
    }
  }

  function takeIn(source: Source & { kind: 'query' }, { status, body }: CompositePart): void {
    const answer = status === 200 ? QueryAnswer.safeParse(body).data : undefined;
    if (!answer) {
      const [problem] = problemsIn(body);
      return put(source, { code: problem?.errorCode ?? `HTTP ${status}`, message: problem?.message ?? 'no reason given' });
    }
    const locator = locatorOf(answer);
    const rows = answer.records.map((record) => plainRecord(record));
    put(source, { rows, total: answer.totalSize ?? rows.length, whole: answer.done !== false });
    if (source.all && locator !== undefined) unread.push({ source, locator });
  }

  const queries = (api: QueryApi) =>
    asked.filter((source) => source.kind === 'query' && source.api === api) as (Source & { kind: 'query' })[];
  const calls = (['data', 'tooling'] as const).flatMap((api) =>
    inGroups(queries(api), queriesPerCall).map(
      (group) => () =>
        part(group, async () => {
          const parts = await client.queryTogether(
            context,
            api,
            group.map(({ soql }) => soql),
          );
          group.forEach((source, index) => takeIn(source, parts[index] ?? { status: 0, body: undefined }));
        }),
    ),
  );
  for (const source of asked) {
    if (source.kind === 'limits')
      calls.push(() =>
        part([source], async () => put(source, wholeRows(usedLimits(await client.getLimits(context)).map((limit) => ({ ...limit }))))),
      );
    if (source.kind === 'counts')
      calls.push(() =>
        part([source], async () => put(source, wholeRows((await client.countRecords(context, source.objects)).sObjects ?? []))),
      );
  }
  let done = 0;
  await Promise.all(
    calls.map(async (call) => {
      await call();
      context.progress((done += 1), calls.length);
    }),
  );
  if (firstError !== undefined && [...given.values()].every(isRefused)) throw firstError;

  for (let next = unread.shift(); next && apiCalls < maxCalls; next = unread.shift()) {
    const { source, locator } = next;
    const before = given.get(JSON.stringify(source));
    if (!before || isRefused(before)) continue;
    apiCalls += 1;
    const page = await client.queryMore(context, locator, source.api).catch((error: unknown) => {
      if (ToolError.is(error) && partial.has(error.code)) return undefined;
      throw error;
    });
    if (!page) continue;
    const more = locatorOf(page);
    put(source, { ...before, rows: [...before.rows, ...page.records.map((record) => plainRecord(record))], whole: page.done !== false });
    if (more !== undefined) unread.push({ source, locator: more });
  }
  return { of: (source) => given.get(JSON.stringify(source)), apiCalls };
}

const wholeRows = (rows: Rows['rows']): Rows => ({ rows, total: rows.length, whole: true });

function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}
