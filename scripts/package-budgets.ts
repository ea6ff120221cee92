// The limits for the size of each package, and for the cost of importing and type-checking it.

/** The size of a package as a registry would get it, in kB (1,000 bytes). */
export interface PackageSize {
  readonly packedKb: number;
  readonly unpackedKb: number;
}

/** The cost of a program that uses only `@busbar/core` and zod. */
export interface CoreCost {
  /** The modules that an import of `@busbar/core` loads, without the modules of zod. */
  readonly importedFiles: number;
  /** The size of these modules, in kB. */
  readonly importedKb: number;
  /**
   * The type instantiations for the hello connector, divided by the type instantiations for all declarations of zod. Unlike a time, a count
   * repeats exactly. The division keeps new versions of zod and TypeScript from changing the figure much.
   */
  readonly instantiationsToZod: number;
}

/**
 * About 15 % above the size when the row was last changed. Raise a row only together with the change that needs it, and say why in that
 * change.
 */
export const packageBudgets: Readonly<Record<string, PackageSize>> = {
  '@busbar/connector-salesforce': { packedKb: 270, unpackedKb: 1_175 },
  '@busbar/connector-sendgrid': { packedKb: 90, unpackedKb: 377 },
  '@busbar/connector-zendesk': { packedKb: 178, unpackedKb: 1_023 },
  '@busbar/core': { packedKb: 814, unpackedKb: 3_298 },
  '@busbar/create-connector': { packedKb: 21, unpackedKb: 64 },
  '@busbar/postgres': { packedKb: 204, unpackedKb: 823 },
  '@busbar/redis': { packedKb: 26, unpackedKb: 90 },
};

/** The budget of a program that uses `@busbar/core`. The rules of {@link packageBudgets} apply. */
export const coreBudget: CoreCost = { importedFiles: 150, importedKb: 447, instantiationsToZod: 0.51 };

/** Compares measured figures with a budget. Returns a sentence for each figure over its budget, and a sentence if there is no budget. */
export function overBudget<T extends object>(name: string, measured: T, budget: T | undefined): string[] {
  if (budget === undefined) return [`${name} has no budget: give it a row in scripts/package-budgets.ts.`];
  return Object.entries(measured).flatMap(([figure, value]) => {
    const limit = (budget as Readonly<Record<string, number>>)[figure] ?? 0;
    return value > limit ? [`${name}: ${figure} is ${value}, and its budget in scripts/package-budgets.ts is ${limit}.`] : [];
  });
}
