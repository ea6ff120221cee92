import type { CallLimit } from './call-limit.ts';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { OpenConnection } from '../upstream/clients.ts';
import type { CallRequest } from '../host.ts';
import type { Logger } from '../logger.ts';
import type { Call } from '../ports/metering.ts';
import type { CallEvent } from '../ports/observer.ts';
import type { Redactor } from '../lib/redactor.ts';
import type { UpstreamScope } from '../upstream/upstream-scope.ts';

/** One call on its way through the host: what every step of it reads and adds to. */
export interface ActiveCall {
  readonly request: CallRequest;
  readonly entry: CatalogEntry;
  /** The record's form. */
  readonly call: Call;
  /** The validated arguments. */
  readonly input: unknown;
  readonly open: OpenConnection;
  readonly upstream: UpstreamScope;
  /** What may end it early. */
  readonly limit: CallLimit;
  /** Knows the connection's secrets, and those among the arguments. */
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly warnings: string[];
  /** How it has ended, for log and metrics. `refused` until it was admitted. */
  status: CallEvent['status'];
}

/** Thrown through a run to ask the caller something first. Not an error, and never shown as one. */
export class AskSignal extends Error {
  override readonly name = 'AskSignal';
  readonly id: string;
  readonly question: string;
  readonly schema: object;

  constructor(id: string, question: string, schema: object) {
    super('The tool asks before it goes on.');
    this.id = id;
    this.question = question;
    this.schema = schema;
  }
}
