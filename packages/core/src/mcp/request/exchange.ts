import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallResult } from '../../host.ts';
import type { Principal } from '../../principal.ts';
import type { ClientDisconnect } from './client-disconnect.ts';
import type { ResponseHeaders } from './response-headers.ts';

/** One authenticated MCP request over HTTP, and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The lane writes these headers first, together with its own. */
  readonly headers: ResponseHeaders | undefined;
  readonly disconnect: ClientDisconnect;
  /** The parsed body, which is not an array. Nothing else about it has been checked. */
  readonly message: unknown;
  readonly principal: Principal;
  /** The caller's address. */
  readonly address: string | undefined;
  /** The outcome of a call that has already run, so that the lane only has to write the answer. Rejects as {@link Host.call} does. */
  readonly outcome?: Promise<CallResult> | undefined;
}

/** Answers requests. */
export type Lane = (exchange: Exchange) => Promise<void>;
