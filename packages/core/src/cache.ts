import type { Answer } from './content.ts';

/** Keeps answers of read tools that declare `cache`. */
export interface Cache {
  get(scope: string, key: string): Promise<Answer | undefined>;
  set(scope: string, key: string, answer: Answer, ttlMs: number): Promise<void>;
  /** Forgets a scope: a connection, after a write through it. */
  clear(scope: string): Promise<void>;
}
