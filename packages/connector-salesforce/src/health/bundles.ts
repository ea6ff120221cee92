import type { Row } from './org-check.ts';
import { textAt } from './read-row.ts';

/** The bundles of a catalogue as trees of products. */
export interface Bundles {
  /** The number of levels below the product. The count stops at a cycle. */
  depth(product: string): number;
  /** All products below the product, without duplicates. */
  parts(product: string): ReadonlySet<string>;
  /** One product of each cycle: a product that contains itself. */
  readonly cycles: readonly string[];
}

/** Reads the trees from ProductRelatedComponent rows. Visits every product only once, so it ends even if there is a cycle. */
export function readBundles(components: readonly Row[]): Bundles {
  const children = new Map<string, string[]>();
  for (const row of components) {
    const parent = textAt(row, 'ParentProductId');
    children.set(parent, [...(children.get(parent) ?? []), textAt(row, 'ChildProductId')]);
  }
  const depths = new Map<string, number>();
  const open = new Set<string>();
  const cycles = new Set<string>();

  // Uses its own stack instead of recursion: a chain of thousands must not overflow the call stack.
  function measure(product: string): number {
    const stack: { readonly product: string; next: number }[] = [{ product, next: 0 }];
    open.add(product);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const child = children.get(top.product)?.[top.next];
      if (child === undefined || depths.has(top.product)) {
        const below = (children.get(top.product) ?? []).map((child) => (depths.get(child) ?? -1) + 1);
        depths.set(top.product, Math.max(0, ...below));
        open.delete(top.product);
        stack.pop();
        continue;
      }
      top.next += 1;
      if (open.has(child)) cycles.add(child);
      else if (!depths.has(child)) {
        open.add(child);
        stack.push({ product: child, next: 0 });
      }
    }
    return depths.get(product) ?? 0;
  }
  for (const parent of children.keys()) if (!depths.has(parent)) measure(parent);

  return {
    depth: (product) => depths.get(product) ?? 0,
    parts(product) {
      const found = new Set<string>();
      const waiting = [...(children.get(product) ?? [])];
      for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
        if (found.has(part)) continue;
        found.add(part);
        waiting.push(...(children.get(part) ?? []));
      }
      return found;
    },
    cycles: [...cycles],
  };
}
