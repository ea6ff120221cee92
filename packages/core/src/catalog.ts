import type { AnyTool, Effect } from './tool.ts';

/** One tool as it is offered: checked at registration and compiled once, so that no request converts a schema. */
export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
  readonly effect: Effect;
  readonly connector: string;
  readonly toolsets: readonly string[];
  /** Portable JSON Schema of the arguments, as model vendors accept it. */
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
  /** Portable JSON Schema of the structured output. */
  readonly outputSchema?: { readonly type: 'object'; readonly [key: string]: unknown } | undefined;
  readonly tool: AnyTool<unknown>;
}
