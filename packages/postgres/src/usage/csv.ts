import { moneyText } from '@busbar/core';
import type { Usage, UsageGroup, UsageRow } from './usage-types.ts';

type Page = Awaited<ReturnType<Usage['report']>>;

const measures: readonly (readonly [name: string, cell: (row: UsageRow) => string | number | undefined])[] = [
  ['calls', (row) => row.calls],
  ['charged', (row) => row.charged],
  ['replays', (row) => row.replays],
  ['failed', (row) => row.failed],
  ['units', (row) => row.units],
  ['cost', (row) => moneyText(row.cost)],
  ['upstream_requests', (row) => row.upstreamRequests],
  ['bytes_out', (row) => row.bytesOut],
  ['tokens_out', (row) => row.tokensOut],
  ['duration_ms', (row) => row.durationMs],
  ['p50_ms', (row) => row.p50Ms],
  ['p95_ms', (row) => row.p95Ms],
];

/** A report as CSV (RFC 4180): first the header, then one chunk for each page. */
export async function* usageCsv(
  by: readonly UsageGroup[],
  readPage: (after: string | undefined) => Promise<Page>,
): AsyncGenerator<string, void, undefined> {
  const groups = [...new Set(by)];
  let page = await readPage(undefined);
  yield lineOf([...groups, ...measures.map(([name]) => name)]);
  for (;;) {
    yield page.rows.map((row) => lineOf([...groups.map((group) => row.group[group]), ...measures.map(([, cell]) => cell(row))])).join('');
    if (page.next === undefined) return;
    page = await readPage(page.next);
  }
}

const lineOf = (cells: readonly (string | number | undefined)[]): string => `${cells.map(cellOf).join(',')}\r\n`;

/** Tenants choose names, and a spreadsheet runs a cell that begins like a formula. A leading apostrophe makes the cell text. */
function cellOf(value: string | number | undefined): string {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
