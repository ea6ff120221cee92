import type { Clock } from '../clock.ts';
import type { State } from '../connector/state.ts';
import type { Logger } from '../logger.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { Resilience } from '../ports/resilience.ts';
import type { Origins } from './origins.ts';

/** The part of a request that identifies the connection to the vendor. */
export interface Token {
  /** The value of `Authorization`. */
  readonly header: string;
  /** The origin that accepts the token, if the vendor named one. */
  readonly origin?: string | undefined;
}

/** Authorizes the requests of a connection. */
export interface TokenSource {
  /** Returns the token to use now. Waits for a running renewal. A renewal belongs to no caller, so no caller can cancel it. */
  get(): Promise<Token>;
  /**
   * Marks a token that the vendor refused, so that the next `get` returns another token. Returns false if no other token can be obtained.
   */
  renew(refused: Token): boolean;
}

/** Options for a token source. */
export interface TokenSourceOptions {
  readonly connector: string;
  readonly connection: string;
  /** The version of the connection's settings. A token is usable only with the version that it was issued for. */
  readonly version: string;
  readonly origins: Origins;
  readonly remap: (origin: string) => URL | undefined;
  readonly httpClient: HttpClient;
  readonly resilience: Resilience;
  /** Core's own state for this connection, which the replicas share. */
  readonly state: State;
  readonly clock: Clock;
  /** The connection's log, which adds its ids to every line and redacts its secrets. */
  readonly log: Logger;
  /** Receives every secret that the vendor issues, so that it is redacted. */
  onSecret(secret: string): void;
}
