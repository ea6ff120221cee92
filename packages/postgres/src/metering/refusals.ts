import { ToolError } from '@busbar/core';

/** More calls are running than one process keeps track of. */
export const overloaded = (): ToolError =>
  new ToolError('OVERLOADED', 'Too many calls are running on this server. Nothing was done; try again in a moment.');

/** An earlier call used the key with different arguments. */
export const conflict = (): ToolError =>
  new ToolError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used before with other arguments. Use a new key for a new call.');

/** The call that used the key may have written, and its outcome is unknown. */
export const outcomeLost = (): ToolError =>
  new ToolError(
    'OUTCOME_UNKNOWN',
    'A call with this idempotency key may have written, and its end was not recorded. Check what happened before you repeat it under a new key.',
  );
