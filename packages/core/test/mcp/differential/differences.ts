import type { Finding } from './both-lanes.ts';

/** Something in which the fast lane is right and the SDK is not. */
export interface ListedDifference {
  /** The names of the requests that show it. */
  readonly requests: RegExp;
  /** What may differ then: each line of a finding must match. */
  readonly parts: RegExp;
  /** The sentence of the specification that decides, and where it stands. */
  readonly sentence: string;
  readonly link: string;
}

/** All differences that are meant. There are none: whatever the SDK does, the fast lane does too, or leaves to it. */
const listedDifferences: readonly ListedDifference[] = [];

/** Holds findings against the list: what is not in it, and what of it was found no more. */
export function judge(findings: readonly Finding[], list: readonly ListedDifference[] = listedDifferences) {
  const covers = (listed: ListedDifference, { sent, differences }: Finding) =>
    listed.requests.test(sent.name) && differences.every((line) => listed.parts.test(line));
  return {
    unlisted: findings.filter((finding) => !list.some((listed) => covers(listed, finding))),
    gone: list.filter((listed) => !findings.some((finding) => covers(listed, finding))),
  };
}

/** Findings as a person reads them: the request as it was sent, and what differs. One fault shows in many, so only one of each kind. */
export function report(findings: readonly Finding[]): string {
  const cut = (text: string) => (text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text);
  const kinds = Map.groupBy(findings, ({ differences }) => differences.map((line) => line.slice(0, line.indexOf(':'))).join());
  const told = [...kinds].slice(0, 10).map(([, [first, ...others]]) => {
    if (!first) return '';
    const bytes = first.sent.packets.map((packet) => cut(JSON.stringify(packet.toString()))).join('\n  + ');
    const also = others.length > 0 ? ` (and ${others.length} more, such as ${others.at(-1)?.sent.name})` : '';
    return `${first.sent.name}${also}\n  ${bytes}\n${first.differences.map((line) => `  - ${cut(line)}`).join('\n')}`;
  });
  return `${findings.length} requests are answered otherwise (SDK ≠ both lanes):\n\n${told.join('\n\n')}`;
}
