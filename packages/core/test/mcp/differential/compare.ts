import type { Outcome, Reply } from './http-connection.ts';
import { masked } from './masks.ts';

/**
 * Lists the differences between two outcomes, one line each. A line begins with the part that differs: `connection`, `count`, `status`,
 * `header <name>`, `header order`, `body`, `rest`. Compares bytes, except masked bytes and the way in which a body was split into chunks.
 */
export function differencesOf(sdk: Outcome, both: Outcome): string[] {
  const differences: string[] = [];
  const compare = (part: string, fromSdk: string, fromBoth: string) => {
    if (fromSdk !== fromBoth) differences.push(`${part}: ${JSON.stringify(fromSdk)} ≠ ${JSON.stringify(fromBoth)}`);
  };
  for (const outcome of [sdk, both]) if (outcome.connection === 'hung') differences.push('connection: no answer');
  compare('connection', sdk.connection, both.connection);
  compare('count', String(sdk.replies.length), String(both.replies.length));
  for (const [i, reply] of sdk.replies.entries()) {
    const other = both.replies[i];
    if (other) compareReplies(reply, other, compare);
  }
  compare('rest', masked('body', masked('head', sdk.rest)), masked('body', masked('head', both.rest)));
  return differences;
}

function compareReplies(sdk: Reply, both: Reply, compare: (part: string, fromSdk: string, fromBoth: string) => void): void {
  compare('status', sdk.status, both.status);
  const names = ({ headers }: Reply) => headers.map(([name]) => name).join(', ');
  const values = ({ headers }: Reply, name: string) =>
    headers
      .filter(([present]) => present.toLowerCase() === name)
      .map(([present, value]) => masked('head', `${present}: ${value}`))
      .join('\n');
  const allNames = new Set([...sdk.headers, ...both.headers].map(([name]) => name.toLowerCase()));
  for (const name of allNames) compare(`header ${name}`, values(sdk, name), values(both, name));
  compare('header order', names(sdk), names(both));
  compare('body', masked('body', sdk.body), masked('body', both.body));
}
