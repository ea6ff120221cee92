import { createRequestStateCodec, type RequestStateCodec } from '@modelcontextprotocol/server';
import type { AskAnswer } from '../../host.ts';

/** What a call that waits for a person's answer carries from one round to the next, by way of the client. */
export interface AskState {
  /** Whose call it is and of which tool. A state is good for nobody and nothing else. */
  readonly tenant: string;
  readonly caller: string;
  readonly tool: string;
  /** The answers of earlier rounds, by ask id. */
  readonly answers: Readonly<Record<string, AskAnswer>>;
}

// As long as a person may take for one answer. Also what the SDK waits for older clients.
const ttlSeconds = 600;

/**
 * Signs and checks {@link AskState}. It is signed, not encrypted: the client can read it, and all that it holds is the client's own.
 *
 * @param secret At least 32 bytes, the same on all replicas. Absent: random, so calls that wait end with the process.
 */
export function askStates(secret: string | undefined): RequestStateCodec<AskState> {
  return createRequestStateCodec<AskState>({ key: secret ?? crypto.getRandomValues(new Uint8Array(32)), ttlSeconds });
}
