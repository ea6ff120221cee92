import type { Finding } from './both-lanes.ts';

/** A difference in which the fast lane is right and the SDK is not. */
export interface ListedDifference {
  /** Matches the names of the requests that show it. */
  readonly requests: RegExp;
  /** Matches each line that such a finding may have. */
  readonly parts: RegExp;
  /** The sentence of the specification that decides, and a link to it. */
  readonly sentence: string;
  readonly link: string;
}

/** All intended differences. There are none, because the fast lane does what the SDK does, or leaves the request to it. */
const listedDifferences: readonly ListedDifference[] = [];

/** Compares findings with the list. Returns the findings that no entry covers, and the entries that no finding shows any more. */
export function judge(findings: readonly Finding[], list: readonly ListedDifference[] = listedDifferences) {
  const covers = (listed: ListedDifference, { request, differences }: Finding) =>
    listed.requests.test(request.name) && differences.every((line) => listed.parts.test(line));
  return {
    unlisted: findings.filter((finding) => !list.some((listed) => covers(listed, finding))),
    gone: list.filter((listed) => !findings.some((finding) => covers(listed, finding))),
  };
}

/** Formats findings for a reader: the request's bytes and the differences. A fault shows in many findings, so each kind is shown once. */
export function report(findings: readonly Finding[]): string {
  const cut = (text: string) => (text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text);
  const kinds = Map.groupBy(findings, ({ differences }) => differences.map((line) => line.slice(0, line.indexOf(':'))).join());
  const examples = [...kinds].slice(0, 10).map(([, [first, ...others]]) => {
    if (!first) return '';
    const { request, differences } = first;
    const bytes = request.packets.map((packet) => cut(JSON.stringify(packet.toString()))).join('\n  + ');
    const also = others.length > 0 ? ` (and ${others.length} more, such as ${others.at(-1)?.request.name})` : '';
    return `${request.name}${also}\n  ${bytes}\n${differences.map((line) => `  - ${cut(line)}`).join('\n')}`;
  });
  return `The lanes answer ${findings.length} requests differently (SDK ≠ both lanes):\n\n${examples.join('\n\n')}`;
}
