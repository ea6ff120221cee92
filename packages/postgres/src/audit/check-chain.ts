import { linkHash } from './link.ts';
import type { AuditEntry, ChainLine, LinkLine } from './lines.ts';
import { sourceOf, type Statement, type Statements } from './statements.ts';

/** Checks one chain of an export, link by link. */
export interface ChainCheck {
  readonly chain: string;
  add(line: LinkLine, entries: readonly AuditEntry[]): void;
  /** Ends the check. Call it after the last link. */
  end(): void;
}

// Longer than it takes another replica to notice.
const lapsedGraceMs = 15 * 60_000;

/** Checks a chain against its hashes, its row and the statements about it. Calls `report` with each problem, as a sentence. */
export function checkChain(row: ChainLine, statements: readonly Statement[], report: (problem: string) => void): ChainCheck {
  const { chain } = row;
  const byLinks = new Map(statements.map((statement) => [statement.links, statement]));
  const contradictions = statements.filter((statement) => byLinks.get(statement.links) !== statement);
  const say = (problem: string): void => report(`Chain ${chain}${problem}`);

  let last = row.after;
  /** The stored hash of the previous link, or null if it is unknown. */
  let before = row.afterHash;
  /** The previous link and the hash of its content, if its stored hash differs from that. */
  let mismatch: { readonly link: number; readonly hash: string } | undefined;

  /** Reports whether content or hash was altered: the next link's hash covers the original. */
  function resolveMismatch(isContentRight: boolean): void {
    if (!mismatch) return;
    say(`, link ${mismatch.link}: its ${isContentRight ? 'hash was' : 'entries or its time were'} altered.`);
    mismatch = undefined;
  }

  function compare(link: number, hash: string | null): void {
    const statement = byLinks.get(link);
    if (!statement || hash === null || statement.head === hash) return;
    say(`, link ${link}: its hash differs from the hash that ${sourceOf(statement)} says it had on ${statement.at}.`);
  }

  return {
    chain,
    add(line, entries) {
      const { link, hash } = line;
      if (link <= last || link > row.through) return say(`, link ${link}: it was inserted; the link before it is ${last}.`);
      if (link > last + 1) {
        resolveMismatch(false);
        say(missing(last + 1, link - 1));
        before = null;
      }
      const expected = before === null ? hash : linkHash(before, line);
      const expectedAfterContent = mismatch && linkHash(mismatch.hash, line);
      resolveMismatch(expectedAfterContent === hash);
      if (expected !== hash && expectedAfterContent !== hash) mismatch = { link, hash: expected };
      if (link === 1) checkOpening(row, entries, say);
      compare(link, hash);
      last = link;
      before = hash;
    },
    end() {
      resolveMismatch(last === row.links && mismatch?.hash === row.head);
      if (last < row.through) say(missing(last + 1, row.through));
      else if (row.through === row.links && before !== null && before !== row.head)
        say(`: its row was altered; its newest link, ${last}, has another hash than the row.`);
      for (const { links, head, at, ...by } of contradictions)
        say(
          `, link ${links}: ${sourceOf(by)} says that its hash was ${head} on ${at}, and ${sourceOf(byLinks.get(links) ?? by)} says otherwise.`,
        );
      const most = Math.max(0, ...byLinks.keys());
      const highest = byLinks.get(most);
      if (highest && most > row.links)
        say(
          `: its newest links were removed; ${sourceOf(highest)} says that it had ${most} links on ${highest.at}, and its row has ${row.links}.`,
        );
    },
  };
}

/**
 * Checks a chain's row against the statements of the whole export: whether the chain is open or closed, and which links retention dropped.
 * `at` is the time of the export.
 */
export function checkRow(row: ChainLine, statements: Statements, at: string, report: (problem: string) => void): void {
  const say = (problem: string): void => report(`Chain ${row.chain}${problem}`);
  checkDrops(row, statements, say);
  checkClosing(row, statements.closed.get(row.chain), Date.parse(at), say);
}

function checkOpening(row: ChainLine, [first]: readonly AuditEntry[], say: (problem: string) => void): void {
  if (first?.event !== 'chain.opened' || first['chain'] !== row.chain) say(', link 1: it does not open the chain.');
  else if (first['replica'] !== row.replica || first['at'] !== row.openedAt)
    say(': its row was altered; its first link says that another replica opened it, or at another time.');
}

function checkDrops({ chain, droppedLinks, droppedHead }: ChainLine, { pruned }: Statements, say: (problem: string) => void): void {
  if (droppedLinks === 0) return;
  if (!pruned.get(chain)?.some(({ links, head }) => links === droppedLinks && head === droppedHead))
    say(`: its links up to ${droppedLinks} were dropped, and no retention record says so.`);
}

function checkClosing(row: ChainLine, closing: Statement | undefined, now: number, say: (problem: string) => void): void {
  const allDropped = row.droppedLinks === row.links;
  // A writer that closes its own chain does not count the closing link.
  const links = closing && closing.links + (closing.by === row.chain ? 1 : 0);
  if (row.closedAt === null) {
    if (closing) say(`: its row was altered; it is open, and ${sourceOf(closing)} says that it was closed on ${closing.at}.`);
    else if (Date.parse(row.leaseUntil) < now - lapsedGraceMs)
      say(`: its writer has been gone since ${row.leaseUntil}, and no replica has closed it.`);
  } else if (!closing) {
    if (!allDropped) say(`: its row was altered; it is closed, and no chain says so.`);
  } else if (links !== row.links || closing.at !== row.closedAt)
    say(`: its row was altered; ${sourceOf(closing)} says that it was closed on ${closing.at} with ${links} links.`);
}

const missing = (first: number, last: number): string =>
  first === last ? `, link ${first}: it is missing.` : `, links ${first} to ${last}: they are missing.`;
