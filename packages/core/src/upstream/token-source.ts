import type { Clock } from '../clock.ts';
import type { State } from '../connector/state.ts';
import type { Logger } from '../logger.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { Resilience } from '../ports/resilience.ts';
import type { Origins } from './origins.ts';

/** What a request carries so that the vendor recognizes the connection. */
export interface Token {
  /** The value of `Authorization`. */
  readonly header: string;
  /** The origin that accepts the token, if the vendor named one. */
  readonly origin?: string | undefined;
}

/** Authorizes the requests of a connection. */
export interface TokenSource {
  /** Returns the token to use now. Waits for a renewal that is running. A renewal belongs to no caller, so no caller can end it. */
  get(): Promise<Token>;
  /** The vendor refused this token: the next `get` returns another one. Returns false if there is no other one to get. */
  renew(refused: Token): boolean;
}

/** What a token source works with. */
export interface TokenSourceOptions {
  readonly connector: string;
  readonly connection: string;
  /** The version of the connection's settings. A token belongs to the credential that it was issued for. */
  readonly version: string;
  readonly origins: Origins;
  readonly remap: (origin: string) => URL | undefined;
  readonly httpClient: HttpClient;
  readonly resilience: Resilience;
  /** Core's own state of this connection, which replicas share. */
  readonly state: State;
  readonly clock: Clock;
  /** The connection's log: its ids are on every line, its secrets on none. */
  readonly log: Logger;
  /** Receives everything that the vendor issues, so that it is redacted. */
  onSecret(secret: string): void;
}
