/** The source of a check's data. `all`: the check needs every row, so further pages are read as long as API calls are left. */
export type Source =
  | { readonly kind: 'query'; readonly api: 'data' | 'tooling'; readonly soql: string; readonly all?: true }
  | { readonly kind: 'limits' }
  | { readonly kind: 'counts'; readonly objects: readonly string[] };

/** The rows of one source. */
export interface Rows {
  readonly rows: readonly Row[];
  /** The number of rows in the org, including rows that were not read. */
  readonly total: number;
  /** Whether all rows were read. */
  readonly whole: boolean;
}

/** One row: a record without Salesforce's own metadata. */
export type Row = Readonly<Record<string, unknown>>;

/** The finding of a check. `unknown`: the data that the check needs could not be read. */
export interface Finding {
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  /** One sentence that states the finding. */
  readonly evidence: string;
  /** The worst cases first. The report shows some of them. */
  readonly details?: readonly string[];
  /** Whether some of its data could not be read. A fault may be in that part. */
  readonly unread?: true;
}

/** One check of an org, as data. */
export interface OrgCheck<Category extends string = string> {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  /** The check's weight in the connector's score, 0 to 3. A check with weight 0 is informational. */
  readonly weight: 0 | 1 | 2 | 3;
  /** The permission that the connection's user needs to read the data. */
  readonly permission: string;
  /** What the org's administrator should do about a warning or a failure. */
  readonly advice: string;
  readonly sources: readonly Source[];
  /** Whether every org has rows in each source, so that a source without rows is hidden from the user. Default false. */
  readonly alwaysHasRows?: true;
  /** Receives the rows of each source, in the order of `sources`, and the time. */
  judge(readings: readonly Rows[], nowMs: number): Finding;
}

/** Declares a query of the org's data. */
export const query = (soql: string, all?: 'all'): Source => ({ kind: 'query', api: 'data', soql, ...(all && { all: true }) });

/** Declares a query of the org's configuration. */
export const tooling = (soql: string, all?: 'all'): Source => ({ kind: 'query', api: 'tooling', soql, ...(all && { all: true }) });
