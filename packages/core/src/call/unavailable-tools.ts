import type { Catalog } from '../catalog/catalog.ts';
import type { Principal } from '../principal.ts';

const toolNames = /\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b/g;

/**
 * Returns a note about the tools that a text advises to call and that the caller may not use, because its key is limited to other toolsets.
 * Undefined if there are none.
 */
export function noteUnavailableTools(catalog: Pick<Catalog, 'has' | 'find'>, principal: Principal, text: string): string | undefined {
  if (!principal.toolsets) return undefined;
  const names = new Set(text.match(toolNames));
  const missing = [...names].filter((name) => catalog.has(name) && !catalog.find(name, principal));
  return missing.length === 0
    ? undefined
    : `You cannot call ${missing.join(' or ')} here, because this API key is limited to other toolsets. Find another way, or ask a person.`;
}
