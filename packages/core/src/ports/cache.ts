import type { Answer } from '../content.ts';

/** The result of looking up a key in a {@link Cache}. */
export interface CacheLookup {
  /** The cached answer and its age. The reader decides whether it is too old. */
  readonly kept?: { readonly answer: Answer; readonly ageMs: number } | undefined;
  /**
   * Identifies the period since the scope was last cleared. Once a scope is cleared, it never gets an earlier token again. Undefined if the
   * cache cannot store anything at the moment.
   */
  readonly token: string | undefined;
}

/** Keeps the answers of read tools that declare `cache`. Each connection is a scope. */
export interface Cache {
  /** Looks up a key before a read. Store the read's answer under the returned token. */
  get(scope: string, key: string): Promise<CacheLookup>;
  /**
   * Stores an answer for `keepMs`. Stores nothing if the scope was cleared after the token was issued, because the answer may then be older
   * than the write that cleared the scope.
   */
  set(scope: string, key: string, answer: Answer, options: { readonly token: string; readonly keepMs: number }): Promise<void>;
  /**
   * Clears a scope. Core calls it after a write through the connection, and after events from its webhook. Answers that were read earlier
   * can no longer be stored.
   */
  clear(scope: string): Promise<void>;
}
