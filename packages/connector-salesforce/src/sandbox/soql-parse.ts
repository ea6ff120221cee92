import { malformed } from './refusal.ts';
import { tokensOf, type Token } from './soql-tokens.ts';

/** The right-hand side of a comparison. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'date'; readonly value: string }
  | { readonly kind: 'range'; readonly name: string; readonly days: number };

/** The condition after WHERE. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly field: string; readonly operator: string; readonly value: Literal }
  | { readonly kind: 'in'; readonly field: string; readonly not: boolean; readonly values: readonly Literal[] | Query };

/** One item between SELECT and FROM. */
export type Selected =
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'count'; readonly field: string | undefined; readonly alias: string };

/** A parsed query. */
export interface Query {
  readonly select: readonly Selected[];
  readonly from: string;
  readonly where: Condition | undefined;
  readonly groupBy: readonly string[];
  readonly orderBy: readonly { readonly by: Selected; readonly descending: boolean }[];
  readonly limit: number | undefined;
  readonly offset: number;
}

/**
 * Parses a query. Supports the SOQL that the connector writes and other common SOQL, and refuses the rest as malformed. @throws
 * {VendorError}
 */
export function parseSoql(soql: string): Query {
  const tokens = tokensOf(soql);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const is = (word: string, token = peek()): boolean => token !== undefined && token.kind !== 'text' && token.text.toUpperCase() === word;
  const fail = (): never => {
    throw malformed(at < tokens.length ? `unexpected token: '${tokens[at]?.text}'` : "unexpected token: '<EOF>'");
  };
  const take = (): Token => tokens[at++] ?? fail();
  const accept = (word: string): boolean => {
    if (!is(word)) return false;
    at += 1;
    return true;
  };
  const expect = (word: string): void => void (accept(word) || fail());
  const name = (): string => (peek()?.kind === 'name' ? take().text : fail());
  const count = (): number => (peek()?.kind === 'number' ? Number(take().text) : fail());

  function selected(position: number): Selected {
    if (is('COUNT') && is('(', tokens[at + 1])) {
      at += 2;
      const field = is(')') ? undefined : name();
      expect(')');
      const alias = peek()?.kind === 'name' && !is('FROM') && !is('DESC') && !is('ASC') && !is('LIMIT') ? take().text : `expr${position}`;
      return { kind: 'count', field, alias };
    }
    return { kind: 'field', field: name() };
  }

  function literal(): Literal {
    const token = take();
    switch (token.kind) {
      case 'text':
        return { kind: 'text', value: token.text };
      case 'number':
        return { kind: 'number', value: Number(token.text) };
      case 'date':
        return { kind: 'date', value: token.text };
      case 'range': {
        const [range = '', days] = token.text.toUpperCase().split(':');
        return { kind: 'range', name: range, days: Number(days) };
      }
    }
    const word = token.text.toUpperCase();
    if (word === 'TRUE' || word === 'FALSE') return { kind: 'boolean', value: word === 'TRUE' };
    if (word === 'NULL') return { kind: 'null' };
    if (word === 'TODAY') return { kind: 'range', name: 'TODAY', days: 0 };
    at -= 1;
    return fail();
  }

  function comparison(): Condition {
    if (accept('(')) {
      const inner = condition();
      expect(')');
      return inner;
    }
    if (accept('NOT')) return { kind: 'not', part: comparison() };
    const field = name();
    const not = is('NOT') && is('IN', tokens[at + 1]) && accept('NOT');
    if (accept('IN')) {
      expect('(');
      const values = is('SELECT') ? query() : list();
      expect(')');
      return { kind: 'in', field, not, values };
    }
    if (not) return fail();
    const operator = is('LIKE') || peek()?.kind === 'sign' ? take().text.toUpperCase() : fail();
    if (['(', ')', ','].includes(operator)) return fail();
    return { kind: 'compare', field, operator: operator === '<>' ? '!=' : operator, value: literal() };
  }

  function list(): Literal[] {
    const values = [literal()];
    while (accept(',')) values.push(literal());
    return values;
  }

  /** AND and OR must not be mixed without parentheses. */
  function condition(): Condition {
    const parts = [comparison()];
    const word = is('OR') ? 'OR' : 'AND';
    while (accept(word)) parts.push(comparison());
    if (is('AND') || is('OR')) return fail();
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: word === 'AND' ? 'and' : 'or', parts };
  }

  function query(): Query {
    expect('SELECT');
    const select = [selected(0)];
    while (accept(',')) select.push(selected(select.length));
    expect('FROM');
    const from = name();
    const where = accept('WHERE') ? condition() : undefined;
    const groupBy: string[] = [];
    if (accept('GROUP')) {
      expect('BY');
      do groupBy.push(name());
      while (accept(','));
    }
    const orderBy: { by: Selected; descending: boolean }[] = [];
    if (accept('ORDER')) {
      expect('BY');
      do {
        const by = selected(0);
        const descending = accept('DESC');
        if (!descending) accept('ASC');
        if (accept('NULLS') && !accept('FIRST')) expect('LAST');
        orderBy.push({ by, descending });
      } while (accept(','));
    }
    const limit = accept('LIMIT') ? count() : undefined;
    const offset = accept('OFFSET') ? count() : 0;
    return { select, from, where, groupBy, orderBy, limit, offset };
  }

  const parsed = query();
  if (at < tokens.length) fail();
  return parsed;
}
