import type { Answer } from '../content.ts';

/** What a {@link Cache} has for a key. */
export interface CacheLookup {
  /** What was kept, and how long ago. Its reader decides whether that is too long. */
  readonly kept?: { readonly answer: Answer; readonly ageMs: number } | undefined;
  /**
   * Names this moment in the life of the scope: the same until the scope is cleared, and then never again. Undefined: nothing can be kept now.
   */
  readonly token: string | undefined;
}

/** Keeps answers of read tools that declare `cache`. A scope is a connection. */
export interface Cache {
  /** Looks before a read, so that what is read then can be kept under the token. */
  get(scope: string, key: string): Promise<CacheLookup>;
  /**
   * Keeps an answer for `keepMs`. Keeps nothing where the scope was cleared since the token was given: the answer may have been read before
   * the write that cleared it.
   */
  set(scope: string, key: string, answer: Answer, options: { readonly token: string; readonly keepMs: number }): Promise<void>;
  /** Forgets a scope, after a write through the connection or events of its webhook. What was read before can no longer be kept. */
  clear(scope: string): Promise<void>;
}
