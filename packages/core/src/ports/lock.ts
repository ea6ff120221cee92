/**
 * Lets one replica at a time do work that need not be done twice. It saves work and protects nothing: a lock may expire while its holder
 * still works, and if the lock service is unreachable, every caller gets the lock.
 */
export interface Lock {
  /**
   * Takes the lock if it is free, without waiting; undefined if another holder has it. The returned function releases it: it may be called
   * repeatedly, and never releases a later holder's lock. The lock expires after `ttlMs`. Never rejects.
   */
  take(key: string, ttlMs: number): Promise<(() => void) | undefined>;
}
