import type { Call } from '@busbar/core';
import { sql, type RawBuilder } from 'kysely';

// The audit's entries about calls, as SQL over the rows that the same statement writes to the ledger, so that no value is sent twice.
// `item` is a CTE with the column names of the table `calls` and times as text.

const json = (column: string): RawBuilder<unknown> => sql`to_json(item.${sql.ref(column)})`;

const openedLine = (event: string, at: string): RawBuilder<unknown> =>
  sql`${sql.lit(`{"event":"${event}","at":`)}, ${json(at)}, ',"callId":', ${json('call_id')}, ',"tenant":', ${json('tenant')},
    ',"principal":', ${json('principal')}, ',"address":' || ${json('address')}, ',"connector":', ${json('connector')},
    ',"connection":', ${json('connection')}, ',"tool":', ${json('tool')}, ',"effect":', ${json('effect')}`;

/**
 * The entry for a call that is about to run: who called which tool, from where and with which arguments (`item.input`, an {@link
 * inputLine}).
 */
export const admittedLine = sql<string>`concat(${openedLine('call.admitted', 'started_at')}, ',"input":', item.input, '}')`;

/** The entry for a call that got the stored answer of an earlier call, `item.of`. */
export const replayedLine = sql<string>`concat(${openedLine('call.replayed', 'ended_at')}, ',"of":', ${json('of')}, ',"input":', item.input, '}')`;

/** The entry for a call's end. `charged` and `price` come from `row`. */
export const endedLine = (
  row: 'item' | 'calls',
): RawBuilder<string> => sql`concat('{"event":"call.ended","at":', ${json('ended_at')}, ',"callId":', ${json('call_id')},
  ',"tenant":', ${json('tenant')}, ',"status":', ${json('status')}, ',"wrote":', ${json('wrote')}, ',"code":' || ${json('code')},
  ',"charged":', to_json(${sql.ref(`${row}.charged`)}), ',"price":', ${sql.ref(`${row}.price`)}, '}')`;

/**
 * The arguments of a call as one line. Line feeds, which occur only between JSON values, become spaces. This does not change the meaning.
 */
export function inputLine(call: Call): string {
  const input = call.auditInput();
  return input.includes('\n') ? input.replaceAll('\n', ' ') : input;
}
