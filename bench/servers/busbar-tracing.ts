import type { Observer } from '@busbar/core';

/** Further observers of the calls of busbar-everything.ts. busbar-everything-traced.ts fills it before it loads that file. */
export const tracing: Observer[] = [];
