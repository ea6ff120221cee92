import type { Row } from './org-check.ts';
import { textAt } from './read-row.ts';

/** The bundles of a catalogue as trees of products. */
export interface Bundles {
  /** The number of levels below the product. The count stops at a cycle. */
  depth(product: string): number;
  /** All products below the product, without duplicates. Undefined if counting them takes too long. */
  parts(product: string): ReadonlySet<string> | undefined;
  /** One product of each cycle: a product that contains itself. */
  readonly cycles: readonly string[];
}

/** How many components `parts` looks at in all calls. Bundles that each contain the next, thousands of times, would take minutes. */
const maxSteps = 300_000;

/** Reads the trees from ProductRelatedComponent rows. Visits every product only once, so it ends even if there is a cycle. */
export function readBundles(components: readonly Row[]): Bundles {
  const children = new Map<string, string[]>();
  for (const row of components) {
    const parent = textAt(row, 'ParentProductId');
    const known = children.get(parent);
    if (known) known.push(textAt(row, 'ChildProductId'));
    else children.set(parent, [textAt(row, 'ChildProductId')]);
  }
  let steps = 0;
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
        const below = (children.get(top.product) ?? []).reduce((most, part) => Math.max(most, (depths.get(part) ?? -1) + 1), 0);
        depths.set(top.product, below);
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
      const waiting = [product];
      for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
        for (const part of children.get(parent) ?? []) {
          steps += 1;
          if (steps > maxSteps) return undefined;
          if (found.has(part)) continue;
          found.add(part);
          waiting.push(part);
        }
      }
      return found;
    },
    cycles: [...cycles],
  };
}
