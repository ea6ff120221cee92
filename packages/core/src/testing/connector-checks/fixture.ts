import type { Simulator } from '../sandbox/simulator.ts';

/** How to set up an account. */
export interface SandboxAccount {
  /** A secret that occurs nowhere else. Use it as the account's credential, so that the checks can see whether the credential leaks. */
  readonly canary: string;
}

/** A simulated vendor account on this machine, created with `startSimulator`, and the settings that open it. */
export interface ConnectorSandbox extends Simulator {
  /** The connection settings that open the account. */
  readonly config: object;
  /** The host option that redirects the vendor's traffic to the sandbox. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /**
   * Returns the headers, including the signature, that the account's webhook would send with this body now. For connectors with a
   * `webhook`.
   */
  sign?(body: string): Promise<Readonly<Record<string, string>>>;
}

/** The facts that the checks of the contract need to know about a connector. */
export interface ConnectorFixture {
  /**
   * An input for each tool, by the tool's name, that succeeds in a fresh sandbox. Include every field that goes into a request, because the
   * checks use these fields to find out which arguments go into paths.
   */
  readonly examples: Readonly<Record<string, object>>;
  /**
   * For tools that ask a person: the answers to the tool's questions, in order, by the tool's name. With these answers, the example
   * succeeds.
   */
  readonly answers?: Readonly<Record<string, readonly object[]>> | undefined;
  /**
   * For a connector with a `webhook`: the body of a delivery, with at least one event. The examples of tools that read events must show
   * this event.
   */
  readonly delivery?: unknown;
  /**
   * Starts a fresh account on a free port. The checks start several hundred, some at the same time, and close them. For a connector with
   * `origins` or a `webhook`.
   */
  sandbox?(account: SandboxAccount): Promise<ConnectorSandbox>;
  /** The settings of a connector without a vendor. Default: none. */
  readonly config?: object | undefined;
  /**
   * The folder of the package, such as `new URL('..', import.meta.url)`. Its package.json, README.md and src are checked too, and its
   * test/catalogue.json is the snapshot of the catalogue. Absent: the connector is not a package of its own.
   */
  readonly folder?: URL | undefined;
  /** Checks that are known to fail, by name, each with the reason. Remove a check here once it passes. */
  readonly knownGaps?: Readonly<Record<string, string>> | undefined;
}
