import type { Call } from '@busbar/core';
import { timeText } from './metering-items.ts';

/** How a call ended, as the audit tells it. */
export interface EndedEntry {
  readonly callId: string;
  readonly tenant: string;
  readonly status: string;
  readonly wrote: string;
  readonly code: string | null;
  readonly endedAt: number;
}

// Written by hand around `auditInput`, which is JSON already. A line feed between its values is as good as a space.
const inputOf = (call: Call): string => {
  const input = call.auditInput();
  return input.includes('\n') ? input.replaceAll('\n', ' ') : input;
};

const opened = (event: string, at: number, { callId, principal, address, connector, connection, tool, effect }: Call): string =>
  JSON.stringify({
    event,
    at: timeText(at),
    callId,
    tenant: principal.tenant,
    principal: principal.id,
    ...(address !== undefined && { address }),
    connector,
    connection,
    tool,
    effect,
  }).slice(0, -1);

/** A call that is about to run: who, from where, what, with what arguments. */
export function admittedEntry(call: Call): string {
  return `${opened('call.admitted', call.startedAt, call)},"input":${inputOf(call)}}`;
}

/** A call that was answered with the stored answer of an earlier one. */
export function replayedEntry(call: Call, of: string, at: number): string {
  return `${opened('call.replayed', at, call)},"of":${JSON.stringify(of)},"input":${inputOf(call)}}`;
}

/** How it ended. What was charged is added where it is known: see metering-settle.ts. */
export function endedEntry({ endedAt, code, callId, tenant, status, wrote }: EndedEntry): string {
  return JSON.stringify({
    event: 'call.ended',
    at: timeText(endedAt),
    callId,
    tenant,
    status,
    wrote,
    ...(code !== null && { code }),
  });
}
