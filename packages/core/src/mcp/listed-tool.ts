import type { Tool } from '@modelcontextprotocol/server';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Effect } from '../connector/tool.ts';

const annotations: Record<Effect, NonNullable<Tool['annotations']>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  // Repeating a write may write twice, unless the caller sends an idempotency key, which a hint cannot say.
  write: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
};

const made = new WeakMap<CatalogEntry, Tool>();

/** A tool as `tools/list` shows it. Made once for each entry, so that every list has the same bytes. */
export function listedTool(entry: CatalogEntry): Tool {
  let tool = made.get(entry);
  if (!tool) {
    tool = {
      name: entry.name,
      description: entry.description,
      inputSchema: entry.inputSchema,
      ...(entry.outputSchema && { outputSchema: entry.outputSchema }),
      annotations: annotations[entry.effect],
    };
    made.set(entry, tool);
  }
  return tool;
}
