import type { CheckedConnector } from './checked-connector.ts';

/** One rule of the contract, as data. */
export interface Rule {
  /** The behaviour of a connector that meets the rule: "imports only core and zod". */
  readonly name: string;
  /** The harm to a host or a model if the connector breaks the rule. */
  readonly why: string;
  /**
   * The connectors that the rule applies to. `vendor`: connectors with origins. `package`: connectors whose folder the fixture names.
   * `webhook` and `jobs`: connectors that have them. Absent: all connectors.
   */
  readonly appliesTo?: 'vendor' | 'package' | 'webhook' | 'jobs';
  /** Lists every place where the connector breaks the rule, and how. */
  find(checked: CheckedConnector): Promise<readonly string[]>;
}
