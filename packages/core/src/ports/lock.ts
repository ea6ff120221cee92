/**
 * Lets one replica at a time do what need not be done twice. It saves work and guards nothing: a lock ends by itself while its holder still
 * works, and where it cannot be reached everybody gets it.
 */
export interface Lock {
  /**
   * Takes the lock if nobody has it, and does not wait. What it gives back releases it, however often it is called, and never one that another
   * has taken meanwhile. Undefined: another has it. Free again after `ttlMs` at the latest. Never rejects.
   */
  take(key: string, ttlMs: number): Promise<(() => void) | undefined>;
}
