/** The state of a chain at one point in time: the number of its links and the hash of the newest link. */
export interface ChainHead {
  readonly links: number;
  readonly head: string;
}

/** The last line of an export: the head of each chain, by id. Store it where no one with write access to the database can write. */
export interface AuditHeads {
  readonly heads: Readonly<Record<string, ChainHead>>;
  /** The time of the export, as ISO. */
  readonly at: string;
}

/** The first line of an export. */
export interface ExportHeader {
  readonly audit: 'busbar';
  readonly version: 1;
  readonly at: string;
  readonly from?: string;
  readonly until?: string;
}

/** A chain's row. The lines of its links follow. */
export interface ChainLine {
  readonly chain: string;
  readonly replica: string;
  readonly openedAt: string;
  readonly leaseUntil: string;
  readonly closedAt: string | null;
  readonly links: number;
  readonly head: string;
  readonly droppedLinks: number;
  readonly droppedHead: string | null;
  /** The links that follow are numbered from `after + 1` to `through`. `afterHash` is the hash of link `after`. */
  readonly after: number;
  readonly afterHash: string | null;
  readonly through: number;
}

/** A link. */
export interface LinkLine {
  readonly chain: string;
  readonly link: number;
  readonly at: string;
  readonly entries: string;
  readonly hash: string;
}

/** A link whose number is outside the range in its chain's row, or whose chain has no row. */
export interface StrayLine {
  readonly stray: string;
  readonly link: number;
  /** Whether the chain has no row. */
  readonly chainless: boolean;
}

/** One line of an export. */
export type ExportLine = ExportHeader | ChainLine | LinkLine | StrayLine | AuditHeads;

/** An entry of a link: one line of its `entries`. */
export type AuditEntry = { readonly event?: unknown } & Readonly<Record<string, unknown>>;

/** Parses the entries of a link. A line that is not a JSON object becomes an empty entry. */
export function entriesOf(entries: string): readonly AuditEntry[] {
  return entries.split('\n').map((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return typeof entry === 'object' && entry !== null ? (entry as AuditEntry) : {};
    } catch {
      return {};
    }
  });
}
