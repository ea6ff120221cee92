import type { AuditEntry, AuditHeads } from './lines.ts';

/** What is said of a chain, and by which: a chain's id, or what to call the heads that were kept. */
export interface Statement {
  readonly links: number;
  readonly head: string;
  readonly at: string;
  readonly by: string;
}

/** All that an export says of its chains, by the chain that it is said of. */
export interface Statements {
  /** What it was at some time, each state once. */
  readonly seen: ReadonlyMap<string, readonly Statement[]>;
  readonly closed: ReadonlyMap<string, Statement>;
  /** Up to where its links were dropped. */
  readonly pruned: ReadonlyMap<string, readonly Statement[]>;
  /** Links that are older than this were dropped; empty where none were. */
  readonly prunedBefore: string;
}

/** What heads that were kept are called in problems. */
export const keptHeads = 'the heads that were kept';

/** Gathers what the links of an export say. Holds that, and no more: some three statements for each writer and 100 s. */
export interface StatementReader extends Statements {
  /** Takes the entries of a link. */
  add(entries: readonly AuditEntry[], chain: string): void;
}

/** A reader that begins with what the heads that were kept say. */
export function readStatements(known: AuditHeads | undefined): StatementReader {
  const seen = new Map<string, Statement[]>();
  const pruned = new Map<string, Statement[]>();
  const closed = new Map<string, Statement>();
  let prunedBefore = '';

  function note(map: Map<string, Statement[]>, chain: string, statement: Statement): void {
    const list = map.get(chain);
    if (!list) map.set(chain, [statement]);
    else if (!list.some(({ links, head }) => links === statement.links && head === statement.head)) list.push(statement);
  }

  function read({ event, chain, links, head, at, before }: AuditEntry, by: string): void {
    if (typeof chain !== 'string' || typeof links !== 'number' || typeof head !== 'string') return;
    const statement = { links, head, at: String(at), by };
    if (event === 'audit.pruned') {
      note(pruned, chain, statement);
      if (typeof before === 'string' && before > prunedBefore) prunedBefore = before;
    }
    if (event === 'chain.closed' || event === 'chain.witnessed') note(seen, chain, statement);
    if (event === 'chain.closed') closed.set(chain, statement);
  }

  for (const [chain, { links, head }] of Object.entries(known?.heads ?? {}))
    note(seen, chain, { links, head, at: known?.at ?? '', by: keptHeads });
  return {
    seen,
    pruned,
    closed,
    get prunedBefore() {
      return prunedBefore;
    },
    add: (entries, chain) => {
      for (const entry of entries) read(entry, chain);
    },
  };
}

/** Who says something of a chain, for a sentence. */
export const sayer = ({ by }: Pick<Statement, 'by'>): string => (by === keptHeads ? by : `chain ${by}`);
