import type { Call } from '@busbar/core';
import { sql, type RawBuilder } from 'kysely';

// What the audit tells of calls, as SQL over the rows that are written to the ledger, so that nothing is sent twice. `item` names rows whose
// columns are called as in the table `calls`, with times as texts.

const json = (column: string): RawBuilder<unknown> => sql`to_json(item.${sql.ref(column)})`;

const openedLine = (event: string, at: string): RawBuilder<unknown> =>
  sql`${sql.lit(`{"event":"${event}","at":`)}, ${json(at)}, ',"callId":', ${json('call_id')}, ',"tenant":', ${json('tenant')},
    ',"principal":', ${json('principal')}, ',"address":' || ${json('address')}, ',"connector":', ${json('connector')},
    ',"connection":', ${json('connection')}, ',"tool":', ${json('tool')}, ',"effect":', ${json('effect')}`;

/** A call that is about to run: who, from where, what, with what arguments. `item.input` is their {@link inputLine}. */
export const admittedLine = sql<string>`concat(${openedLine('call.admitted', 'started_at')}, ',"input":', item.input, '}')`;

/** A call that was answered with the stored answer of an earlier one, `item.of`. */
export const replayedLine = sql<string>`concat(${openedLine('call.replayed', 'ended_at')}, ',"of":', ${json('of')}, ',"input":', item.input, '}')`;

/** How a call ended. What was charged is what `row` says. */
export const endedLine = (
  row: 'item' | 'calls',
): RawBuilder<string> => sql`concat('{"event":"call.ended","at":', ${json('ended_at')}, ',"callId":', ${json('call_id')},
  ',"tenant":', ${json('tenant')}, ',"status":', ${json('status')}, ',"wrote":', ${json('wrote')}, ',"code":' || ${json('code')},
  ',"charged":', to_json(${sql.ref(`${row}.charged`)}), ',"price":', ${sql.ref(`${row}.price`)}, '}')`;

/** The arguments of a call as one line. A line feed between the values of JSON is as good as a space. */
export function inputLine(call: Call): string {
  const input = call.auditInput();
  return input.includes('\n') ? input.replaceAll('\n', ' ') : input;
}
