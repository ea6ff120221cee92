/** The right-hand side of a comparison. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'date'; readonly value: string }
  /** A date literal, such as TODAY or LAST_N_DAYS:7. `n` is 1 without a number. */
  | { readonly kind: 'range'; readonly name: string; readonly n: number };

/** The condition after WHERE or HAVING. After HAVING, a `field` may also be an aggregate: `COUNT(Id)`. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly field: string; readonly operator: string; readonly value: Literal }
  | { readonly kind: 'in'; readonly field: string; readonly not: boolean; readonly values: readonly Literal[] | Query };

/** The functions over the records of a group. */
export const aggregateFunctions = ['COUNT', 'COUNT_DISTINCT', 'SUM', 'AVG', 'MIN', 'MAX'] as const;

/** A function over the records of a group. `COUNT()` has no field. */
export interface Aggregate {
  readonly kind: 'aggregate';
  readonly name: (typeof aggregateFunctions)[number];
  readonly field: string | undefined;
  readonly alias: string | undefined;
}

/** The text by which a condition after HAVING names an aggregate. */
export const aggregateText = ({ name, field = '' }: Pick<Aggregate, 'name' | 'field'>): string => `${name}(${field})`;

/** One item between SELECT and FROM. */
export type Selected =
  | { readonly kind: 'field'; readonly field: string; readonly alias: string | undefined }
  | Aggregate
  /** `FIELDS(STANDARD)` */
  | { readonly kind: 'fields'; readonly which: string }
  /** A subquery, whose FROM names a child relationship. */
  | { readonly kind: 'children'; readonly query: Query };

/** One item after ORDER BY. */
export interface Order {
  readonly by: Extract<Selected, { kind: 'field' }> | Aggregate;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

/** A parsed query. Its fields do not begin with the object's name or alias. */
export interface Query {
  readonly select: readonly Selected[];
  readonly from: string;
  readonly where: Condition | undefined;
  readonly groupBy: readonly string[];
  readonly having: Condition | undefined;
  readonly orderBy: readonly Order[];
  readonly limit: number | undefined;
  readonly offset: number;
}
