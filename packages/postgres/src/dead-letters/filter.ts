import type { ErrorCode } from '@busbar/core';
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { storableText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Selects the dead letters that match every given field: `{}` selects the dead letters of all tenants. */
export interface DeadLetterFilter {
  readonly tenant?: string;
  /** At most 1,000. */
  readonly ids?: readonly string[];
  readonly connector?: string;
  readonly tool?: string;
  readonly code?: ErrorCode;
  /** The newest failure was at this time or later, in milliseconds since the epoch. */
  readonly failedFrom?: number;
  /** The newest failure was before this time, in milliseconds since the epoch. */
  readonly failedBefore?: number;
}

const maxIds = 1_000;

/**
 * Returns the filter as an SQL condition.
 *
 * @throws {TypeError} for a `tenant` property that is undefined, because it would select all tenants.
 * @throws {RangeError} for more than 1,000 ids.
 */
export function matches(filter: DeadLetterFilter) {
  const { tenant, ids, connector, tool, code, failedFrom, failedBefore } = filter;
  if ('tenant' in filter && tenant === undefined) throw new TypeError('The tenant is undefined. Leave it out to mean all tenants.');
  if (ids && ids.length > maxIds) throw new RangeError(`At most ${maxIds} dead letters can be named at once, not ${ids.length}.`);
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
