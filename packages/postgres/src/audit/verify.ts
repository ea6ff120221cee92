import { checkChain, checkStanding, type ChainCheck } from './check-chain.ts';
import { entriesOf, type AuditEntry, type AuditHeads, type ChainLine, type ExportHeader, type ExportLine } from './lines.ts';
import { keptHeads, sayer, readStatements, type Statements } from './statements.ts';

/** What a verification found. */
export interface AuditVerdict {
  readonly links: number;
  readonly entries: number;
  readonly chains: number;
  /** One sentence each, at most 1,000; none where the audit is whole. */
  readonly problems: readonly string[];
  /** The last line of the export, to be kept. Absent where it was cut off. */
  readonly heads?: AuditHeads | undefined;
}

/** What a verification may know besides. */
export interface VerifyOptions {
  /** The heads of an export that was made before: without them nobody can tell that all chains were rewritten together. */
  readonly knownHeads?: AuditHeads | undefined;
  /** Told of each entry, in the order of the export, whether or not its link is as it was written. */
  readonly onEntry?: ((entry: AuditEntry, chain: string, link: number) => void | Promise<void>) | undefined;
}

const maxProblems = 1_000;

/**
 * Verifies an export line by line: every hash, that no link is missing or too many, and that chains are what others say of them. It is read
 * twice, first for what chains say of one another, so `lines` gives it anew each time: `() => createInterface(createReadStream(file))`, or a
 * new `exportAudit`, which may have grown meanwhile. Holds what chains say of one another in memory, and no link longer than it takes.
 *
 * @throws {Error} where the text is no export.
 */
export async function verifyAudit(
  lines: () => AsyncIterable<string> | Iterable<string>,
  { knownHeads, onEntry }: VerifyOptions = {},
): Promise<AuditVerdict> {
  const statements = readStatements(knownHeads);
  for await (const text of lines()) {
    const line = JSON.parse(text) as ExportLine;
    // Most links speak of calls alone, and need not be taken apart here.
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
      if (!('audit' in line) || line.version !== 1) throw new Error('This is no export of an audit: its first line is missing.');
      header = line;
    } else if ('entries' in line) {
      const entries = entriesOf(line.entries);
      // Once more, for a new export has newer ones: what is looked at last has to know them.
      statements.add(entries, line.chain);
      if (current?.chain === line.chain) current.add(line, entries);
      else report(`Chain ${line.chain}, link ${line.link}: the line of its chain is missing before it.`);
      counts = { links: counts.links + 1, entries: counts.entries + entries.length };
      if (onEntry) for (const entry of entries) await onEntry(entry, line.chain, line.link);
    } else {
      current?.end();
      current = undefined;
      if ('chain' in line) {
        if (rows.has(line.chain)) report(`Chain ${line.chain}: it is there twice.`);
        rows.set(line.chain, line);
        current = checkChain(line, statements.seen.get(line.chain) ?? [], report);
      } else if ('stray' in line) {
        report(
          line.chainless
            ? `Chain ${line.stray}, link ${line.link}: the row of its chain is missing.`
            : `Chain ${line.stray}, link ${line.link}: it was inserted; its chain does not count it.`,
        );
      } else if ('heads' in line) heads = line;
    }
  }
  if (!header) throw new Error('This is no export of an audit: it is empty.');
  if (!heads) report('The export was cut off: its last line, with the heads of all chains, is missing.');
  // The link that says that a chain was closed or cut may be outside of a range.
  if (header.from === undefined && header.until === undefined) {
    for (const row of rows.values()) checkStanding(row, statements, header.at, report);
    reportMissing(statements, rows, knownHeads, report);
  }
  return { ...counts, chains: rows.size, problems, heads };
}

function reportMissing(
  { seen, pruned, prunedBefore }: Statements,
  there: ReadonlyMap<string, ChainLine>,
  knownHeads: AuditHeads | undefined,
  report: (problem: string) => void,
): void {
  for (const [chain, statements] of seen) {
    if (there.has(chain)) continue;
    const most = statements.reduce((a, b) => (b.links > a.links ? b : a));
    if (pruned.get(chain)?.some(({ links }) => links >= most.links)) continue;
    // The record of its end may have gone the same way, after as long a time again.
    if (most.by === keptHeads && (knownHeads?.at ?? '') < prunedBefore) continue;
    report(`Chain ${chain}: it is missing; ${sayer(most)} says that it had ${most.links} links.`);
  }
}
