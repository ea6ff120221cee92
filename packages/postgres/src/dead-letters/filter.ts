import type { ErrorCode } from '@busbar/core';
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { storableText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Which letters are meant: those that fit everything given, so `{}` means all of all tenants. */
export interface DeadLetterFilter {
  readonly tenant?: string;
  /** At most 1,000. */
  readonly ids?: readonly string[];
  readonly connector?: string;
  readonly tool?: string;
  readonly code?: ErrorCode;
  /** The earliest time of the newest failure, in milliseconds since the epoch. */
  readonly failedFrom?: number;
  /** The time that the newest failure was before. */
  readonly failedBefore?: number;
}

const maxIds = 1_000;

/**
 * The filter as a condition.
 *
 * @throws {TypeError} for a tenant that is there and undefined: it would mean all tenants. {@link RangeError} for more than 1,000 ids.
 */
export function fits(filter: DeadLetterFilter) {
  const { tenant, ids, connector, tool, code, failedFrom, failedBefore } = filter;
  if ('tenant' in filter && tenant === undefined) throw new TypeError('The tenant is undefined. Leave it out to mean all tenants.');
  if (ids && ids.length > maxIds) throw new RangeError(`At most ${maxIds} letters can be named at once, not ${ids.length}.`);
  return (eb: ExpressionBuilder<Tables, 'dead_letters'>): Expression<SqlBool> =>
    eb.and([
      ...(tenant === undefined ? [] : [eb('tenant', '=', storableText(tenant))]),
      ...(ids === undefined ? [] : [eb('id', '=', eb.fn.any(eb.val([...ids])))]),
      ...(connector === undefined ? [] : [eb('connector', '=', connector)]),
      ...(tool === undefined ? [] : [eb('tool', '=', tool)]),
      ...(code === undefined ? [] : [eb('code', '=', code)]),
      ...(failedFrom === undefined ? [] : [eb('failed_at', '>=', new Date(failedFrom))]),
      ...(failedBefore === undefined ? [] : [eb('failed_at', '<', new Date(failedBefore))]),
    ]);
}
