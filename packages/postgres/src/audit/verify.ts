import { checkChain, checkRow, type ChainCheck } from './check-chain.ts';
import { entriesOf, type AuditEntry, type AuditHeads, type ChainLine, type ExportHeader, type ExportLine } from './lines.ts';
import { keptHeads, readStatements, sourceOf, type Statements } from './statements.ts';

/** The result of a verification. */
export interface AuditVerdict {
  readonly links: number;
  readonly entries: number;
  readonly chains: number;
  /** One sentence per problem, at most 1,000. Empty if the audit is intact. */
  readonly problems: readonly string[];
  /** The last line of the export, to be stored. Absent if the export was cut off. */
  readonly heads?: AuditHeads | undefined;
}

/** Optional inputs for a verification. */
export interface VerifyOptions {
  /** The heads of an earlier export. Without them, a verification cannot detect that all chains were rewritten together. */
  readonly knownHeads?: AuditHeads | undefined;
  /** Receives each entry, in the order of the export, including entries of altered links. */
  readonly onEntry?: ((entry: AuditEntry, chain: string, link: number) => void | Promise<void>) | undefined;
}

const maxProblems = 1_000;

/**
 * Verifies an export line by line: that every hash is correct, that no link is missing or was inserted, and that each chain agrees with the
 * statements of other chains about it. Reads the export twice, the first time for those statements. So `lines` must return the export from
 * the start each time. Pass `() => createInterface(createReadStream(file))`, or a function that returns a new `exportAudit`, which may have
 * grown between the two reads. Memory holds those statements and one link at a time.
 *
 * @throws {Error} if the text is not an export.
 */
export async function verifyAudit(
  lines: () => AsyncIterable<string> | Iterable<string>,
  { knownHeads, onEntry }: VerifyOptions = {},
): Promise<AuditVerdict> {
  const statements = readStatements(knownHeads);
  for await (const text of lines()) {
    const line = JSON.parse(text) as ExportLine;
    // Most links have entries about calls alone, which need no parsing here.
    if ('entries' in line && /"event":"(chain|audit)\./.test(line.entries)) statements.add(entriesOf(line.entries), line.chain);
  }
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < maxProblems) problems.push(problem);
    else if (problems.length === maxProblems) problems.push('There are more problems, which are not listed.');
  };
  const rows = new Map<string, ChainLine>();
  let counts = { links: 0, entries: 0 };
  let header: ExportHeader | undefined;
  let heads: AuditHeads | undefined;
  let current: ChainCheck | undefined;

  for await (const text of lines()) {
    const line = JSON.parse(text) as ExportLine;
    if (!header) {
      if (!('audit' in line) || line.version !== 1) throw new Error('This is not an audit export: its first line is missing.');
      header = line;
    } else if ('entries' in line) {
      const entries = entriesOf(line.entries);
      // Again, because a new export has newer statements, which the checks after the last line need.
      statements.add(entries, line.chain);
      if (current?.chain === line.chain) current.add(line, entries);
      else report(`Chain ${line.chain}, link ${line.link}: the line of its chain is missing before it.`);
      counts = { links: counts.links + 1, entries: counts.entries + entries.length };
      if (onEntry) for (const entry of entries) await onEntry(entry, line.chain, line.link);
    } else {
      current?.end();
      current = undefined;
      if ('chain' in line) {
        if (rows.has(line.chain)) report(`Chain ${line.chain}: it is in the export twice.`);
        rows.set(line.chain, line);
        current = checkChain(line, statements.heads.get(line.chain) ?? [], report);
      } else if ('stray' in line) {
        report(
          line.chainless
            ? `Chain ${line.stray}, link ${line.link}: the row of its chain is missing.`
            : `Chain ${line.stray}, link ${line.link}: it was inserted; its chain does not count it.`,
        );
      } else if ('heads' in line) heads = line;
    }
  }
  if (!header) throw new Error('This is not an audit export: it is empty.');
  if (!heads) report('The export was cut off: its last line, with the heads of all chains, is missing.');
  // The link that records a closing or a pruning may be outside a range.
  if (header.from === undefined && header.until === undefined) {
    for (const row of rows.values()) checkRow(row, statements, header.at, report);
    reportMissing(statements, rows, knownHeads, report);
  }
  return { ...counts, chains: rows.size, problems, heads };
}

function reportMissing(
  { heads, pruned, prunedBefore }: Statements,
  rows: ReadonlyMap<string, ChainLine>,
  knownHeads: AuditHeads | undefined,
  report: (problem: string) => void,
): void {
  for (const [chain, statements] of heads) {
    if (rows.has(chain)) continue;
    const most = statements.reduce((a, b) => (b.links > a.links ? b : a));
    if (pruned.get(chain)?.some(({ links }) => links >= most.links)) continue;
    // Retention may have dropped the record of the pruning too.
    if (most.by === keptHeads && (knownHeads?.at ?? '') < prunedBefore) continue;
    report(`Chain ${chain}: it is missing; ${sourceOf(most)} says that it had ${most.links} links.`);
  }
}
