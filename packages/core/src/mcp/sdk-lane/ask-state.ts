import { createRequestStateCodec, type RequestStateCodec } from '@modelcontextprotocol/server';
import type { AskAnswer } from '../../host.ts';

/** The state of a call that waits for a person's answer. The client returns it with each round. */
export interface AskState {
  /** The call's tenant, caller and tool. A state is not valid for any other call. */
  readonly tenant: string;
  readonly caller: string;
  readonly tool: string;
  /** The answers from earlier rounds, by ask id. */
  readonly answers: Readonly<Record<string, AskAnswer>>;
}

// How long a person may take for one answer. The SDK uses the same time for older clients.
const ttlSeconds = 600;

/**
 * Creates the codec that signs and verifies {@link AskState}. The state is signed but not encrypted. The client can read it, and it
 * contains only the client's own data.
 *
 * @param secret At least 32 bytes, the same on all replicas. Default: random, in which case waiting calls are lost when the process ends.
 */
export function createAskStateCodec(secret: string | undefined): RequestStateCodec<AskState> {
  return createRequestStateCodec<AskState>({ key: secret ?? crypto.getRandomValues(new Uint8Array(32)), ttlSeconds });
}
