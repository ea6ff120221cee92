import type { z } from 'zod';
import { cut, isJsonTextOf, kindNamed, kindOf, listed } from './explain-issue.ts';

type Issue = z.core.$ZodIssue;

/** What is wrong with one input. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Whether the value has another type, so that the rest of what zod says about it does not matter. */
  readonly isWrongType: boolean;
}

/**
 * Returns a line for each input that is wrong, with its path. The line about a value with several alternatives describes the alternative
 * that fits best.
 */
export function inputProblems(issues: readonly Issue[]): string[] {
  const byPath = new Map<string, Problem[]>();
  for (const problem of issues.flatMap((issue) => problemsOf(issue, []))) {
    const path = dotted(problem.path);
    const known = byPath.get(path);
    if (!known) byPath.set(path, [problem]);
    // zod goes on to compare the length of a value of another type, which would only mislead.
    else if (!known[0]?.isWrongType) known.push(problem);
  }
  return [...byPath].map(([path, problems]) => `${path}${problems.map(({ message }) => message).join('; ')}`);
}

/** Returns the path of an input as a prefix: `requester.email: `. The root has none. */
export function dotted(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return `${cut(steps.replace(/^\./, ''), 100)}: `;
}

function problemsOf(issue: Issue, outer: readonly PropertyKey[]): Problem[] {
  const path = [...outer, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0)
    return [{ path, message: issue.message, isWrongType: issue.code === 'invalid_type' }];
  const { errors, input } = issue;
  // The JSON text of a list may also be a string that another alternative refuses.
  const asText = errors.find((branch) =>
    branch.some((inner) => inner.code === 'invalid_type' && isRoot(inner) && isJsonTextOf(inner.expected, input)),
  );
  const near = asText ? [asText] : errors.filter((branch) => !branch.some((inner) => isOfWrongType(inner, input))).sort(byFit);
  const [best] = near;
  if (!best) {
    const kinds = or(kindsOf(issue));
    const message = input === undefined ? `is missing; it must be ${kinds}` : `must be ${kinds}, not ${kindOf(input)}`;
    return [{ path, message, isWrongType: true }];
  }
  // Alternatives that differ only in the form of the value, such as a date or a time.
  if (near.length > 1 && near.every((branch) => branch.length === 1 && branch.every(isRoot))) {
    const messages = near.flatMap((branch) => branch.flatMap((inner) => problemsOf(inner, path))).map(({ message }) => message);
    return [
      {
        path,
        message: [...new Set(messages)].map((text, n) => (n === 0 ? text : text.replace(/^must be /, ''))).join(', or '),
        isWrongType: false,
      },
    ];
  }
  return best.flatMap((inner) => problemsOf(inner, path));
}

const isRoot = ({ path }: Issue): boolean => path.length === 0;

/** Whether an issue says that the whole value has another type than this alternative. */
function isOfWrongType(issue: Issue, input: unknown): boolean {
  if (!isRoot(issue)) return false;
  if (issue.code === 'invalid_value') return input !== undefined && issue.values.every((value) => typeof value !== typeof input);
  if (issue.code === 'invalid_union')
    return issue.errors.length > 0 && issue.errors.every((branch) => branch.some((inner) => isOfWrongType(inner, input)));
  return issue.code === 'invalid_type';
}

/** Orders alternatives by how well they fit: first those whose literals match, then those with fewer faults. */
function byFit(a: readonly Issue[], b: readonly Issue[]): number {
  return wrongLiterals(a) - wrongLiterals(b) || a.length - b.length;
}

const wrongLiterals = (branch: readonly Issue[]): number =>
  branch.filter((issue) => issue.code === 'invalid_value' && issue.values.length === 1).length;

/** Returns the types of all alternatives. */
function kindsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flatMap((branch) => branch.filter(isRoot).slice(0, 1).flatMap(kindsOf));
  if (issue.code === 'invalid_value') return [listed(issue.values)];
  return issue.code === 'invalid_type' ? [kindNamed(issue.expected)] : [];
}

function or(words: readonly string[]): string {
  const unique = [...new Set(words)];
  const last = unique.pop() ?? '';
  return unique.length === 0 ? last : `${unique.join(', ')} or ${last}`;
}
