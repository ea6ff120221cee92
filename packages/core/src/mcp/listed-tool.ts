import type { Tool } from '@modelcontextprotocol/server';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Effect } from '../connector/tool.ts';

const effectHints: Record<Effect, NonNullable<Tool['annotations']>> = {
  read: { readOnlyHint: true, destructiveHint: false },
  write: { readOnlyHint: false, destructiveHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true },
};

const listedTools = new WeakMap<CatalogEntry, Tool>();

/** Returns a tool as `tools/list` shows it. Creates the tool once for each entry, so that all lists have the same bytes. */
export function listedTool(entry: CatalogEntry): Tool {
  let tool = listedTools.get(entry);
  if (!tool) {
    tool = {
      name: entry.name,
      title: titleOf(entry),
      description: entry.description,
      inputSchema: entry.inputSchema,
      ...(entry.outputSchema && { outputSchema: entry.outputSchema }),
      annotations: { ...effectHints[entry.effect], idempotentHint: entry.idempotent, openWorldHint: entry.openWorld },
    };
    listedTools.set(entry, tool);
  }
  return tool;
}

/** Returns the name as people read it: `zendesk_create_ticket` is "Zendesk create ticket". */
function titleOf({ name }: CatalogEntry): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
