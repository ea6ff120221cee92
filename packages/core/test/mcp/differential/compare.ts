import type { Outcome, Reply } from './http-connection.ts';
import { masked } from './masks.ts';

/**
 * What differs between two outcomes, one line each, each beginning with the part of the answer: `end`, `count`, `status`, `header <name>`,
 * `header order`, `body`. Bytes are compared, but for what is masked and for how a body was cut into chunks.
 */
export function differencesOf(sdk: Outcome, both: Outcome): string[] {
  const found: string[] = [];
  const compare = (part: string, one: string, other: string) => {
    if (one !== other) found.push(`${part}: ${JSON.stringify(one)} ≠ ${JSON.stringify(other)}`);
  };
  for (const outcome of [sdk, both]) if (outcome.end === 'hung') found.push(`end: no answer`);
  compare('end', sdk.end, both.end);
  compare('count', String(sdk.replies.length), String(both.replies.length));
  for (const [i, one] of sdk.replies.entries()) {
    const other = both.replies[i];
    if (other) compareReplies(one, other, compare);
  }
  compare('rest', masked('body', masked('head', sdk.rest)), masked('body', masked('head', both.rest)));
  return found;
}

function compareReplies(one: Reply, other: Reply, compare: (part: string, one: string, other: string) => void): void {
  compare('status', one.status, other.status);
  const names = ({ headers }: Reply) => headers.map(([name]) => name).join(', ');
  const values = ({ headers }: Reply, name: string) =>
    headers
      .filter(([present]) => present.toLowerCase() === name)
      .map(([present, value]) => masked('head', `${present}: ${value}`))
      .join('\n');
  const all = new Set([...one.headers, ...other.headers].map(([name]) => name.toLowerCase()));
  for (const name of all) compare(`header ${name}`, values(one, name), values(other, name));
  compare('header order', names(one), names(other));
  compare('body', masked('body', one.body), masked('body', other.body));
}
