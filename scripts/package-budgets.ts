// How large the packages may become, and how much work they may be to import and to type-check.

/** What is measured of a package as a registry would get it. In kB (1,000 bytes). */
export interface PackageSize {
  readonly packedKb: number;
  readonly unpackedKb: number;
}

/** What is measured of a program that uses `@busbar/core` and zod alone. */
export interface CoreCost {
  /** Modules that an import of `@busbar/core` loads, those of zod left out. */
  readonly importedFiles: number;
  /** The size of these modules, in kB. */
  readonly importedKb: number;
  /**
   * Type instantiations for the hello connector, divided by those for all declarations of zod. A count repeats exactly, unlike a time. The
   * division keeps new versions of zod and TypeScript from changing the figure much.
   */
  readonly instantiationsToZod: number;
}

/** About 15 % over what was measured when the row was last changed. Raise a row only with the change that needs it, and say why there. */
export const packageBudgets: Readonly<Record<string, PackageSize>> = {
  '@busbar/connector-salesforce': { packedKb: 215, unpackedKb: 912 },
  '@busbar/connector-sendgrid': { packedKb: 91, unpackedKb: 377 },
  '@busbar/connector-zendesk': { packedKb: 153, unpackedKb: 833 },
  '@busbar/core': { packedKb: 608, unpackedKb: 2_485 },
  '@busbar/create-connector': { packedKb: 20, unpackedKb: 62 },
  '@busbar/postgres': { packedKb: 192, unpackedKb: 789 },
  '@busbar/redis': { packedKb: 26, unpackedKb: 88 },
};

/** As {@link packageBudgets}. */
export const coreBudget: CoreCost = { importedFiles: 109, importedKb: 354, instantiationsToZod: 0.51 };

/** Compares what was measured with a budget. Returns a sentence for each figure that is over it, and for what has no budget. */
export function overBudget<T extends object>(name: string, measured: T, budget: T | undefined): string[] {
  if (budget === undefined) return [`${name} has no budget: give it a row in scripts/package-budgets.ts.`];
  return Object.entries(measured).flatMap(([figure, value]) => {
    const limit = (budget as Readonly<Record<string, number>>)[figure] ?? 0;
    return value > limit ? [`${name}: ${figure} is ${value}, and its budget in scripts/package-budgets.ts is ${limit}.`] : [];
  });
}
