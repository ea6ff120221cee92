import type { Tool } from '@modelcontextprotocol/server';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Effect } from '../connector/tool.ts';

const annotations: Record<Effect, NonNullable<Tool['annotations']>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  // A repeated write may write twice, unless the caller sends an idempotency key. A hint cannot express that exception.
  write: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
};

const listedTools = new WeakMap<CatalogEntry, Tool>();

/** Returns a tool as `tools/list` shows it. Creates the tool once for each entry, so that all lists have the same bytes. */
export function listedTool(entry: CatalogEntry): Tool {
  let tool = listedTools.get(entry);
  if (!tool) {
    tool = {
      name: entry.name,
      description: entry.description,
      inputSchema: entry.inputSchema,
      ...(entry.outputSchema && { outputSchema: entry.outputSchema }),
      annotations: annotations[entry.effect],
    };
    listedTools.set(entry, tool);
  }
  return tool;
}
