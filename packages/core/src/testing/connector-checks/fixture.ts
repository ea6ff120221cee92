import type { Simulator } from '../sandbox/simulator.ts';

/** What an account is to be set up with. */
export interface SandboxAccount {
  /** A secret that is found nowhere else. Make it the account's credential, so that whatever leaks the credential can be seen. */
  readonly canary: string;
}

/** A vendor's account on this machine, as `startSimulator` makes one, and what opens it. */
export interface ConnectorSandbox extends Simulator {
  /** A connection's settings that open the account. */
  readonly config: object;
  /** The host option that sends the vendor's traffic here. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** The headers with which the account's webhook sends this body now, its signature among them. For a connector with a `webhook`. */
  sign?(body: string): Promise<Readonly<Record<string, string>>>;
}

/** What the contract's checks need to know of a connector. */
export interface ConnectorFixture {
  /**
   * An input for each tool, by the tool's name, that succeeds in a fresh sandbox. Give all fields of which the request is made: what a path
   * is made of is found by them.
   */
  readonly examples: Readonly<Record<string, object>>;
  /**
   * What a person answers to what a tool asks, first to last, by the tool's name; with it the example succeeds. For tools that ask.
   */
  readonly answers?: Readonly<Record<string, readonly object[]>>;
  /**
   * The body of a delivery of the vendor's webhook, with one event at least. For a connector with a `webhook`. Give the examples of the
   * tools that read events such inputs that they show it.
   */
  readonly delivery?: unknown;
  /**
   * Starts a fresh account on a free port; it is closed after use. Started some hundred times, several at once. For a connector with
   * `origins` or a `webhook`.
   */
  sandbox?(account: SandboxAccount): Promise<ConnectorSandbox>;
  /** The settings of a connector without a vendor. Default: none. */
  readonly config?: object;
  /**
   * The folder of the package, such as `new URL('..', import.meta.url)`: its package.json, README.md and src are checked too, and its
   * test/catalogue.json is the snapshot of the catalogue. Leave it out for a connector that is no package of its own.
   */
  readonly folder?: URL;
  /** Checks that are known to fail, by name, each with the reason. One that no longer fails must be taken out. */
  readonly knownGaps?: Readonly<Record<string, string>>;
}
