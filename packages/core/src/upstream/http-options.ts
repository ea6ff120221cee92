import type { Clock } from '../clock.ts';
import type { Connector } from '../connector/connector.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { Observer } from '../ports/observer.ts';
import type { Resilience } from '../ports/resilience.ts';
import type { LargeAnswers } from './large-answers.ts';
import type { Origins } from './origins.ts';
import type { TokenSource } from './token-source.ts';

/** Options for a connection's `http`. */
export interface HttpOptions {
  readonly connector: Connector;
  /** The connection's id. */
  readonly connection: string;
  readonly tenant: string;
  readonly origins: Origins;
  readonly tokens: TokenSource | undefined;
  readonly remap: (origin: string) => URL | undefined;
  readonly httpClient: HttpClient;
  /** Shared by all connections of a host. */
  readonly largeAnswers: LargeAnswers;
  readonly resilience: Resilience;
  readonly clock: Clock;
  readonly observer: Observer;
}
