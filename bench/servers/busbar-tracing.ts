import type { Observer } from '@busbar/core';

/** Who else is told of the calls of busbar-everything.ts. Filled, if at all, before that is loaded. */
export const tracing: Observer[] = [];
