import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Resilience } from '../ports/resilience.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { State } from '../connector/state.ts';
import type { Origins } from './origins.ts';

/** What goes on a request so that the vendor knows the connection. */
export interface Token {
  /** The value of `Authorization`. */
  readonly header: string;
  /** Where the token is good, if the vendor said so. */
  readonly origin?: string | undefined;
}

/** Gives a connection's requests their authorization. */
export interface TokenSource {
  /** The token to use now. Waits for a renewal that is under way; it belongs to no caller, so none can end it. */
  get(): Promise<Token>;
  /** The vendor refused this token: the next `get` brings another. False where there is no other to be had. */
  renew(refused: Token): boolean;
}

/** What a token source works with. */
export interface TokenSourceOptions {
  readonly connector: string;
  readonly connection: string;
  /** The version of the connection's settings: a token belongs to the credential that it was given for. */
  readonly version: string;
  readonly origins: Origins;
  readonly remap: (origin: string) => URL | undefined;
  readonly httpClient: HttpClient;
  readonly resilience: Resilience;
  /** Core's own state of this connection, which replicas share. */
  readonly state: State;
  readonly clock: Clock;
  /** The connection's: its ids are on every line, its secrets on none. */
  readonly log: Logger;
  /** Told of everything that is issued, so that it is redacted. */
  onSecret(secret: string): void;
}
