import type { Answer } from '../content.ts';

/** The result of looking up a key in a {@link Cache}. */
export interface CacheLookup {
  /** The cached answer and its age. The reader decides whether it is too old. */
  readonly kept?: { readonly answer: Answer; readonly ageMs: number } | undefined;
  /**
   * Identifies the scope's content since it was last cleared. A cleared scope never gets an earlier token again. Undefined: the cache
   * cannot store anything now.
   */
  readonly token: string | undefined;
}

/** Keeps answers of read tools that declare `cache`. A scope is a connection. */
export interface Cache {
  /** Looks up a key before a read. Store the read's answer under the returned token. */
  get(scope: string, key: string): Promise<CacheLookup>;
  /**
   * Stores an answer for `keepMs`, unless the scope was cleared after the token was issued, because the answer may be older than the write
   * that cleared the scope.
   */
  set(scope: string, key: string, answer: Answer, options: { readonly token: string; readonly keepMs: number }): Promise<void>;
  /**
   * Clears a scope, after a write through the connection or events from its webhook. Answers that were read earlier can no longer be
   * stored.
   */
  clear(scope: string): Promise<void>;
}
