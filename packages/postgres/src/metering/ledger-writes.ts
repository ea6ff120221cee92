import type { Clock } from '@busbar/core';
import type { Kysely } from 'kysely';
import { createAuditChain, type AuditChain } from '../audit/chain.ts';
import { readClaims, type ClaimState } from '../claims.ts';
import { orUnavailable, unavailable } from '../database/errors.ts';
import { groupCommit, type GroupCommit } from '../database/group-commit.ts';
import type { Tables } from '../database/tables.ts';
import { admitCalls, recordReplays, type AdmitItem, type AdmitResult, type ReplayItem } from './admit.ts';
import type { QuotaRows } from './quota-rows.ts';
import { settleCalls, type SettleItem, type SettleResult } from './settle.ts';

/** Options for {@link createLedgerWrites}. */
export interface LedgerWritesOptions {
  readonly quotaRows: QuotaRows;
  readonly clock: Clock;
  readonly replica: string;
  readonly leaseMs: number;
  readonly usageEvents: boolean;
  readonly maxDeadLetters: number;
}

/** The ledger's reads and writes. Calls that arrive together share a statement. */
export interface LedgerWrites {
  readonly admits: GroupCommit<AdmitItem, AdmitResult>;
  /** Reads claims by id. */
  readonly claims: GroupCommit<string, ClaimState | undefined>;
  readonly replays: GroupCommit<ReplayItem, void>;
  readonly settles: GroupCommit<SettleItem, SettleResult>;
  /** The audit chain for replays and sweeps. */
  readonly chain: AuditChain;
  /**
   * Waits for all writes, then closes the audit's chains. Calls `onChainLeftOpen` for each chain that it could not close. Another replica
   * closes such a chain after its lease has expired.
   */
  drain(onChainLeftOpen: (err: unknown) => void): Promise<void>;
}

const limits = { maxBatch: 500, maxWaiting: 10_000, full: unavailable };

/** Creates the group commits of one `postgresMetering`. */
export function createLedgerWrites(db: Kysely<Tables>, options: LedgerWritesOptions): LedgerWrites {
  const { quotaRows, clock, replica, leaseMs, usageEvents, maxDeadLetters } = options;
  // Each writer has its own chain: two on one chain would wait for each other's commit.
  const newChain = () => createAuditChain(db, { clock, replica });
  const [admitChain, settleChain, otherChain] = [newChain(), newChain(), newChain()];

  const admits = groupCommit<AdmitItem, AdmitResult>(async (items) => {
    await quotaRows.ensure(items.flatMap(({ charges }) => charges));
    return await admitChain.write((chain) => admitCalls(db, items, { replica, now: clock.now(), chain, leaseMs, usageEvents }));
  }, limits);
  const claims = groupCommit<string, ClaimState | undefined>(async (ids) => {
    const found = await orUnavailable(readClaims(db, ids, clock.now()));
    return (id) => found.get(id);
  }, limits);
  const replays = groupCommit<ReplayItem, void>(async (items) => {
    await orUnavailable(otherChain.write((chain) => recordReplays(db, items, { replica, now: clock.now(), chain })));
    return () => {};
  }, limits);
  const settles = groupCommit<SettleItem, SettleResult>(async (items) => {
    const resultOf = await settleChain.write((chain) => settleCalls(db, items, { now: clock.now(), chain, usageEvents, maxDeadLetters }));
    return ({ callId }) => resultOf(callId);
  }, limits);

  return {
    admits,
    claims,
    replays,
    settles,
    chain: otherChain,
    async drain(onChainLeftOpen) {
      await Promise.all([admits.drain(), claims.drain(), replays.drain(), settles.drain()]);
      for (const chain of [admitChain, settleChain, otherChain]) await chain.close().catch(onChainLeftOpen);
    },
  };
}
