import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallResult } from '../../host.ts';
import type { ClientDisconnect } from './client-disconnect.ts';
import type { Principal } from '../../principal.ts';
import type { ResponseHeaders } from './response-headers.ts';

/** One MCP request over HTTP whose caller is known, and the response that it is waiting for. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** To be written with the answer's own, before them. */
  readonly headers: ResponseHeaders | undefined;
  readonly departure: ClientDisconnect;
  /** The body, parsed and no array; nothing else is known of it. */
  readonly message: unknown;
  readonly principal: Principal;
  /** Where the caller is. */
  readonly address: string | undefined;
  /** What came of the call, where it has been made already and only its answer is left to be written. Rejects as {@link Host.call} does. */
  readonly called?: Promise<CallResult> | undefined;
}

/** Answers requests. */
export type Lane = (exchange: Exchange) => Promise<void>;
