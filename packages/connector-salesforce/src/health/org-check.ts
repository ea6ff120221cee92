/** Where a check looks. `all`: every row counts, so further pages are read as long as API calls are left. */
export type Source =
  | { readonly kind: 'query'; readonly api: 'data' | 'tooling'; readonly soql: string; readonly all?: true }
  | { readonly kind: 'limits' }
  | { readonly kind: 'counts'; readonly objects: readonly string[] };

/** What a source gave. */
export interface Rows {
  readonly rows: readonly Row[];
  /** How many rows there are in all, read or not. */
  readonly total: number;
  /** Whether all of them were read. */
  readonly whole: boolean;
}

/** One row: a record without Salesforce's own marks. */
export type Row = Readonly<Record<string, unknown>>;

/** What a check found. `unknown`: what it needs is not there to be read. */
export interface Finding {
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  /** One sentence: what was found. */
  readonly evidence: string;
  /** The worst first. The report shows some. */
  readonly details?: readonly string[];
}

/** One question to an org, as data. */
export interface OrgCheck<Category extends string = string> {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  /** How much it counts in our score, 0 to 3. 0: it informs only. */
  readonly weight: 0 | 1 | 2 | 3;
  /** What the connection's user needs to be shown the answer. */
  readonly permission: string;
  /** What to do about a warning or a failure. */
  readonly advice: string;
  readonly sources: readonly Source[];
  /** Gets what each source gave, in their order, and the time. */
  judge(given: readonly Rows[], nowMs: number): Finding;
}

/** A query of the org's data. */
export const query = (soql: string, all?: 'all'): Source => ({ kind: 'query', api: 'data', soql, ...(all && { all: true }) });

/** A query of what the org is configured with. */
export const tooling = (soql: string, all?: 'all'): Source => ({ kind: 'query', api: 'tooling', soql, ...(all && { all: true }) });
