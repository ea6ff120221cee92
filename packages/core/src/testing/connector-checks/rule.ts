import type { CheckedConnector } from './checked-connector.ts';

/** One rule of the contract, as data. */
export interface Rule {
  /** What a connector does that meets the rule: "imports only core and zod". */
  readonly name: string;
  /** What goes wrong for a host or a model if the connector breaks the rule. */
  readonly why: string;
  /**
   * The connectors that the rule applies to: `vendor`, those with origins; `package`, those whose folder the fixture names; `webhook` and
   * `jobs`, those that have them. Absent: all.
   */
  readonly appliesTo?: 'vendor' | 'package' | 'webhook' | 'jobs';
  /** Lists every place where the connector breaks the rule, and how. */
  find(checked: CheckedConnector): Promise<readonly string[]>;
}
