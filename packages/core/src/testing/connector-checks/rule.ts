import type { CheckedConnector } from './checked-connector.ts';

/** One rule of the contract, as data. */
export interface Rule {
  /** What a connector that keeps it does: "sends a refused request once". */
  readonly name: string;
  /** What goes wrong in a host, or for a model, where it is broken. */
  readonly why: string;
  /** Absent: it concerns every connector. `vendor`: those that reach one. `package`: those whose folder is given. The others: those that have some. */
  readonly concerns?: 'vendor' | 'package' | 'webhook' | 'jobs';
  /** Every place where the connector breaks it: where, and what. */
  find(checked: CheckedConnector): Promise<readonly string[]>;
}
