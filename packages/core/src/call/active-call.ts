import type { CatalogEntry } from '../catalog/catalog.ts';
import type { CallRequest } from '../host.ts';
import type { Redactor } from '../lib/redactor.ts';
import type { Logger } from '../logger.ts';
import type { Call } from '../ports/metering.ts';
import type { CallEvent } from '../ports/observer.ts';
import type { OpenConnection } from '../upstream/clients.ts';
import type { UpstreamScope } from '../upstream/upstream-scope.ts';
import type { CallLimit } from './call-limit.ts';

/** One call on its way through the host. Every step reads it, and some add to it. */
export interface ActiveCall {
  readonly request: CallRequest;
  readonly entry: CatalogEntry;
  /** The call as metering records it. */
  readonly call: Call;
  /** The validated arguments. */
  readonly input: unknown;
  readonly open: OpenConnection;
  readonly upstream: UpstreamScope;
  /** Ends the call early. */
  readonly limit: CallLimit;
  /** Redacts the secrets of the connection and of the arguments. */
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly warnings: string[];
  /** How the call ended, for the log and the metrics. `refused` until the call is admitted. */
  status: CallEvent['status'];
}

/** Ends a run that must first ask the caller a question. It is thrown, but it is not an error and never reaches the caller as one. */
export class AskSignal extends Error {
  override readonly name = 'AskSignal';
  readonly id: string;
  readonly question: string;
  readonly schema: object;

  constructor(id: string, question: string, schema: object) {
    super('The tool asks the caller before it continues.');
    this.id = id;
    this.question = question;
    this.schema = schema;
  }
}
