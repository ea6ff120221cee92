/** What a chain was at a time. */
export interface KnownHead {
  readonly links: number;
  readonly head: string;
}

/** The last line of an export: what each chain was. Keep it where nobody who can write to the database can write. */
export interface AuditHeads {
  readonly heads: Readonly<Record<string, KnownHead>>;
  /** When, as ISO. */
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

/** A chain's row. The lines of its links come next. */
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
  /** The number and the hash of the link before the first that follows, and the number of the last. */
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

/** A link that no chain counts as its own. */
export interface StrayLine {
  readonly stray: string;
  readonly link: number;
  /** There is no row of its chain. */
  readonly chainless: boolean;
}

/** One line of an export. */
export type ExportLine = ExportHeader | ChainLine | LinkLine | StrayLine | AuditHeads;

/** An entry of a link: one line of its `entries`. */
export type AuditEntry = { readonly event?: unknown } & Readonly<Record<string, unknown>>;

/** The entries of a link. What is no JSON object is given as an empty one. */
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
