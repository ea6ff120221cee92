import type { Clock, Logger } from '@busbar/core';
import type { Kysely } from 'kysely';
import type { AuditChain } from '../audit/chain.ts';
import { createBackgroundLoop, type BackgroundLoop } from '../background-loop.ts';
import type { Tables } from '../database/tables.ts';
import { dropExpired, sweepPage, sweepPageSize, type SweepResult } from './sweep.ts';

/** Options for {@link createSweeper}. */
export interface SweeperOptions {
  readonly chain: AuditChain;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly keepMs: number;
  readonly usageEvents: boolean;
}

/** Sweeps once, or immediately and then every `leaseMs` until it is stopped. */
export interface Sweeper extends BackgroundLoop {
  sweep(): Promise<SweepResult>;
}

/** Creates the sweeper of one `postgresMetering`. */
export function createSweeper(db: Kysely<Tables>, { chain, clock, log, leaseMs, keepMs, usageEvents }: SweeperOptions): Sweeper {
  async function sweep(): Promise<SweepResult> {
    let unknown = 0;
    let failed = 0;
    for (let full = true; full;) {
      const page = await chain.write((id) => sweepPage(db, { now: clock.now(), chain: id, keepMs, usageEvents }));
      unknown += page.unknown;
      failed += page.failed;
      full = page.unknown + page.failed === sweepPageSize;
    }
    await dropExpired(db, clock.now());
    if (unknown + failed > 0) log.warn({ unknown, failed }, 'a sweep ended calls whose replica is gone');
    return { unknown, failed };
  }

  const loop = createBackgroundLoop(clock, async () => {
    await sweep().catch((err: unknown) => log.warn({ err }, 'a sweep for calls whose replica is gone failed'));
    return leaseMs;
  });
  return { sweep, start: loop.start, stop: loop.stop };
}
