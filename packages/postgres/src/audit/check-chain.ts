import { linkHash } from './link.ts';
import type { AuditEntry, ChainLine, LinkLine } from './lines.ts';
import { sayer, type Statement, type Statements } from './statements.ts';

/** Looks at one chain of an export, link by link. */
export interface ChainCheck {
  readonly chain: string;
  add(line: LinkLine, entries: readonly AuditEntry[]): void;
  /** After the last link. */
  end(): void;
}

// Longer than it takes another replica to notice.
const lapsedGraceMs = 15 * 60_000;

/** Checks a chain against its hashes, its row and what it was seen to be. */
export function checkChain(row: ChainLine, statements: readonly Statement[], report: (problem: string) => void): ChainCheck {
  const { chain } = row;
  const seen = new Map(statements.map((statement) => [statement.links, statement]));
  const contradictions = statements.filter((statement) => seen.get(statement.links) !== statement);
  const say = (problem: string): void => report(`Chain ${chain}${problem}`);

  let last = row.after;
  /** The hash of the link before, as it stands; null where it is not known. */
  let before = row.afterHash;
  /** The link before, where its content does not give the hash that stands there, and the hash that it gives. */
  let doubtful: { readonly link: number; readonly hash: string } | undefined;

  /** Tells which of the two was altered, once it is known which of them the next hash was made over. */
  function settleDoubt(isContentRight: boolean): void {
    if (!doubtful) return;
    say(`, link ${doubtful.link}: its ${isContentRight ? 'hash was' : 'entries or its time were'} altered.`);
    doubtful = undefined;
  }

  function compare(link: number, hash: string | null): void {
    const statement = seen.get(link);
    if (!statement || hash === null || statement.head === hash) return;
    say(`, link ${link}: its hash is not the one that ${sayer(statement)} says it had on ${statement.at}.`);
  }

  return {
    chain,
    add(line, entries) {
      const { link, hash } = line;
      if (link <= last || link > row.through) return say(`, link ${link}: it was inserted; the link before it is ${last}.`);
      if (link > last + 1) {
        settleDoubt(false);
        say(missing(last + 1, link - 1));
        before = null;
      }
      const made = before === null ? hash : linkHash(before, line);
      const madeOfContent = doubtful && linkHash(doubtful.hash, line);
      settleDoubt(madeOfContent === hash);
      if (made !== hash && madeOfContent !== hash) doubtful = { link, hash: made };
      if (link === 1) checkOpening(row, entries, say);
      compare(link, hash);
      last = link;
      before = hash;
    },
    end() {
      settleDoubt(last === row.links && doubtful?.hash === row.head);
      if (last < row.through) say(missing(last + 1, row.through));
      else if (row.through === row.links && before !== null && before !== row.head)
        say(`: its row was altered; its newest link, ${last}, has another hash than the row.`);
      for (const { links, head, at, ...by } of contradictions)
        say(`, link ${links}: ${sayer(by)} says that its hash was ${head} on ${at}, and ${sayer(seen.get(links) ?? by)} says otherwise.`);
      const most = Math.max(0, ...seen.keys());
      const highest = seen.get(most);
      if (highest && most > row.links)
        say(
          `: its newest links were taken away; ${sayer(highest)} says that it had ${most} links on ${highest.at}, and its row has ${row.links}.`,
        );
    },
  };
}

/** Checks whether a chain is open or closed, and was cut at its beginning, as all links of the same export say. `at`: when it was made. */
export function checkStanding(row: ChainLine, statements: Statements, at: string, report: (problem: string) => void): void {
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
    say(`: its links up to ${droppedLinks} were dropped, and no record of retention says so.`);
}

function checkClosing(row: ChainLine, closing: Statement | undefined, now: number, say: (problem: string) => void): void {
  const gone = row.droppedLinks === row.links;
  // The link by which a writer closes its own chain does not count itself.
  const links = closing && closing.links + (closing.by === row.chain ? 1 : 0);
  if (row.closedAt === null) {
    if (closing) say(`: its row was altered; it is open, and ${sayer(closing)} says that it was closed on ${closing.at}.`);
    else if (Date.parse(row.leaseUntil) < now - lapsedGraceMs)
      say(`: its writer is gone since ${row.leaseUntil}, and nobody has closed it.`);
  } else if (!closing) {
    if (!gone) say(`: its row was altered; it is closed, and no chain says so.`);
  } else if (links !== row.links || closing.at !== row.closedAt)
    say(`: its row was altered; ${sayer(closing)} says that it was closed on ${closing.at} with ${links} links.`);
}

const missing = (first: number, last: number): string =>
  first === last ? `, link ${first}: it is missing.` : `, links ${first} to ${last}: they are missing.`;
