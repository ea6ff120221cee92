import type { AuditEntry, AuditHeads } from './lines.ts';

/** A statement about a chain's head at a point in time. `by` is the id of the chain that contains the statement, or {@link keptHeads}. */
export interface Statement {
  readonly links: number;
  readonly head: string;
  readonly at: string;
  readonly by: string;
}

/** An export's statements about its chains, by the id of the chain concerned. */
export interface Statements {
  /** All heads that a statement gives for the chain, without duplicates. */
  readonly heads: ReadonlyMap<string, readonly Statement[]>;
  readonly closed: ReadonlyMap<string, Statement>;
  /** The last links that retention dropped. */
  readonly pruned: ReadonlyMap<string, readonly Statement[]>;
  /** The time before which retention dropped links. Empty if it dropped none. */
  readonly prunedBefore: string;
}

/** The name of the operator's stored heads in problem reports. */
export const keptHeads = 'the earlier export';

/**
 * Collects the statements in the links of an export. Keeps about three statements in memory for each writer and each 100 seconds of the
 * audit.
 */
export interface StatementReader extends Statements {
  /** Adds the statements in the entries of a link. */
  add(entries: readonly AuditEntry[], chain: string): void;
}

/** Creates a reader that begins with the operator's stored heads. */
export function readStatements(known: AuditHeads | undefined): StatementReader {
  const heads = new Map<string, Statement[]>();
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
    if (event === 'chain.closed' || event === 'chain.witnessed') note(heads, chain, statement);
    if (event === 'chain.closed') closed.set(chain, statement);
  }

  for (const [chain, { links, head }] of Object.entries(known?.heads ?? {}))
    note(heads, chain, { links, head, at: known?.at ?? '', by: keptHeads });
  return {
    heads,
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

/** The source of a statement, as the subject of a sentence. */
export const sourceOf = ({ by }: Pick<Statement, 'by'>): string => (by === keptHeads ? by : `chain ${by}`);
