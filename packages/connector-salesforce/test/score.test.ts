import { expect, it } from 'vitest';
import type { OrgCheck } from '../src/health/org-check.ts';
import { scoreOf } from '../src/health/score.ts';

type Given = readonly [status: 'pass' | 'warn' | 'fail' | 'unknown' | 'unread', weight: 0 | 1 | 2 | 3];
const score = (...given: readonly Given[]) =>
  scoreOf(
    given.map(([status, weight]) => ({
      ...(status === 'unread' ? { status: 'unknown', unread: true } : { status }),
      evidence: '',
      check: { weight, title: 'Doors' } as OrgCheck,
    })),
  );
const passed = (count: number): Given[] => Array.from({ length: count }, () => ['pass', 1]);

it.each<[string, Given[], ReturnType<typeof scoreOf>]>([
  ['only passes', passed(3), { score: 100, grade: 'A' }],
  [
    'a warning as half a pass',
    [
      ['pass', 1],
      ['warn', 1],
    ],
    { score: 75, grade: 'C' },
  ],
  [
    'weights',
    [
      ['pass', 3],
      ['warn', 1],
    ],
    { score: 88, grade: 'B' },
  ],
  [
    'no check that found nothing to judge',
    [
      ['pass', 1],
      ['unknown', 2],
    ],
    { score: 100, grade: 'A' },
  ],
  ['a check that could not be read as failed', [...passed(19), ['unread', 1]], { score: 95, grade: 'B' }],
  ['three quarters that could be read', [...passed(3), ['unread', 1]], { score: 75, grade: 'C' }],
  [
    'nothing if less could be read',
    [
      ['pass', 2],
      ['unread', 1],
    ],
    { notGraded: 'only 67 % of what counts could be read' },
  ],
  [
    'nothing if a check that decides is unknown',
    [...passed(57), ['unread', 3]],
    { notGraded: '“Doors” is unknown, and it decides the grade' },
  ],
  [
    'nothing if a check that decides found nothing',
    [...passed(57), ['unknown', 3]],
    { notGraded: expect.stringContaining('“Doors”') as string },
  ],
  [
    'no check that only informs',
    [
      ['pass', 1],
      ['warn', 0],
    ],
    { score: 100, grade: 'A' },
  ],
  ['no A with a failure', [...passed(19), ['fail', 1]], { score: 95, grade: 'B' }],
  ['no B with a grave failure', [...passed(57), ['fail', 3]], { score: 95, grade: 'C' }],
  [
    'failures',
    [
      ['pass', 1],
      ['fail', 1],
    ],
    { score: 50, grade: 'F' },
  ],
  ['nothing if nothing was judged', [['unknown', 2]], { notGraded: 'no check found anything to judge' }],
  ['nothing if only a check without weight was', [['pass', 0]], { notGraded: 'no check found anything to judge' }],
])('the score counts %s', (_, given, expected) => {
  expect(score(...given)).toEqual(expected);
});

it('no grade gets better if fewer checks can be read', () => {
  const statuses = ['pass', 'warn', 'fail', 'unknown'] as const;
  const rankOf = (result: ReturnType<typeof scoreOf>) => ('grade' in result ? 'FDCBA'.indexOf(result.grade) : -1);
  // Numbers that repeat in the same order on each run.
  let seed = 1;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 2_000; round += 1) {
    const seen: Given[] = Array.from({ length: 1 + next(12) }, () => [
      statuses[next(4)] ?? 'pass',
      (next(10) === 0 ? 3 : next(3)) as 0 | 1 | 2 | 3,
    ]);
    const hidden = seen.map(([status, weight]): Given => (next(3) === 0 ? ['unread', weight] : [status, weight]));
    const [all, some] = [score(...seen), score(...hidden)];
    expect({ seen, hidden, better: 'notGraded' in all ? false : rankOf(some) > rankOf(all) }).toEqual({ seen, hidden, better: false });
  }
});
