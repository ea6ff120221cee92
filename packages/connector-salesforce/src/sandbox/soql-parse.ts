import { malformed } from './refusal.ts';
import { rangeNames } from './soql-dates.ts';
import {
  aggregateFunctions,
  aggregateText,
  type Aggregate,
  type Condition,
  type Literal,
  type Order,
  type Query,
  type Selected,
} from './soql-query.ts';
import { tokensOf, type Token } from './soql-tokens.ts';

/** Words that end a list or a clause, so that they are no alias. */
const keywords = new Set(['FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'ASC', 'DESC', 'NULLS', 'USING', 'WITH', 'FOR']);

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
  const alias = (): string | undefined => {
    const token = peek();
    return token?.kind === 'name' && !keywords.has(token.text.toUpperCase()) ? take().text : undefined;
  };

  function aggregate(): Aggregate | undefined {
    const found = is('(', tokens[at + 1]) ? aggregateFunctions.find((word) => is(word)) : undefined;
    if (!found) return undefined;
    at += 2;
    const field = found === 'COUNT' && is(')') ? undefined : name();
    expect(')');
    return { kind: 'aggregate', name: found, field, alias: undefined };
  }

  function selected(): Selected {
    if (accept('(')) {
      const children = query();
      expect(')');
      return { kind: 'children', query: children };
    }
    if (is('FIELDS') && is('(', tokens[at + 1])) {
      at += 2;
      const which = name().toUpperCase();
      expect(')');
      return { kind: 'fields', which };
    }
    const found = aggregate();
    return found ? { ...found, alias: alias() } : { kind: 'field', field: name(), alias: alias() };
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
        const [range = '', n] = token.text.toUpperCase().split(':');
        if (rangeNames.has(range)) return { kind: 'range', name: range, n: Number(n) };
      }
    }
    const word = token.text.toUpperCase();
    if (word === 'TRUE' || word === 'FALSE') return { kind: 'boolean', value: word === 'TRUE' };
    if (word === 'NULL') return { kind: 'null' };
    if (rangeNames.has(word)) return { kind: 'range', name: word, n: 1 };
    at -= 1;
    return fail();
  }

  /** `operand` reads the left-hand side, which may be an aggregate only after HAVING. */
  function comparison(operand: () => string): Condition {
    if (accept('(')) {
      const inner = condition(operand);
      expect(')');
      return inner;
    }
    if (accept('NOT')) return { kind: 'not', part: comparison(operand) };
    const field = operand();
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
  function condition(operand: () => string): Condition {
    const parts = [comparison(operand)];
    const word = is('OR') ? 'OR' : 'AND';
    while (accept(word)) parts.push(comparison(operand));
    if (is('AND') || is('OR')) return fail();
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: word === 'AND' ? 'and' : 'or', parts };
  }

  const groupOperand = (): string => {
    const found = aggregate();
    return found ? aggregateText(found) : name();
  };

  function order(): Order {
    const by = aggregate() ?? { kind: 'field' as const, field: name(), alias: undefined };
    const descending = accept('DESC');
    if (!descending) accept('ASC');
    const nulls = accept('NULLS');
    const nullsLast = nulls ? !accept('FIRST') : false;
    if (nullsLast) expect('LAST');
    return { by, descending, nullsLast };
  }

  /** Reads one or more items, separated by commas. */
  function several<T>(item: () => T): T[] {
    const items = [item()];
    while (accept(',')) items.push(item());
    return items;
  }

  function by<T>(word: string, item: () => T): T[] {
    if (!accept(word)) return [];
    expect('BY');
    return several(item);
  }

  function query(): Query {
    expect('SELECT');
    const select = several(selected);
    expect('FROM');
    const from = name();
    const objectAlias = alias();
    const where = accept('WHERE') ? condition(name) : undefined;
    const groupBy = by('GROUP', name);
    const having = accept('HAVING') ? condition(groupOperand) : undefined;
    const orderBy = by('ORDER', order);
    const limit = accept('LIMIT') ? count() : undefined;
    const offset = accept('OFFSET') ? count() : 0;
    return withoutPrefixes({ select, from, where, groupBy, having, orderBy, limit, offset }, objectAlias);
  }

  const parsed = query();
  if (at < tokens.length) fail();
  return parsed;
}

/** Removes the object's name or alias from the start of the query's fields: `a.Name` becomes `Name`. */
function withoutPrefixes(query: Query, objectAlias: string | undefined): Query {
  const prefixes = new Set([query.from, objectAlias ?? query.from].map((prefix) => prefix.toLowerCase()));
  const plain = (field: string): string => {
    const [first = '', ...rest] = field.split('.');
    return rest.length > 0 && prefixes.has(first.toLowerCase()) ? rest.join('.') : field;
  };
  const inItem = <T extends Selected>(item: T): T =>
    'field' in item && item.field !== undefined ? { ...item, field: plain(item.field) } : item;
  const inCondition = (condition: Condition): Condition => {
    if ('parts' in condition) return { ...condition, parts: condition.parts.map(inCondition) };
    if ('part' in condition) return { ...condition, part: inCondition(condition.part) };
    return { ...condition, field: condition.field.replace(/[\w.]+(?=\)?$)/, plain) };
  };
  return {
    ...query,
    select: query.select.map(inItem),
    where: query.where && inCondition(query.where),
    groupBy: query.groupBy.map(plain),
    having: query.having && inCondition(query.having),
    orderBy: query.orderBy.map((item) => ({ ...item, by: inItem(item.by) })),
  };
}
