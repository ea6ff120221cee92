/**
 * Lets one replica at a time do work that need not be done twice. It saves work but does not guarantee that the work is done only once. A
 * lock may expire while its holder is still working, and every caller gets the lock while the lock service is unreachable.
 */
export interface Lock {
  /**
   * Takes the lock if it is free, without waiting. Returns undefined if another holder has it. The returned function releases the lock. It
   * may be called repeatedly, and never releases a later holder's lock. The lock expires after `ttlMs`. Never rejects.
   */
  take(key: string, ttlMs: number): Promise<(() => void) | undefined>;
}
