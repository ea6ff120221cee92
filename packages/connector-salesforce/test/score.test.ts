import { expect, it } from 'vitest';
import type { OrgCheck } from '../src/health/org-check.ts';
import { scoreOf } from '../src/health/score.ts';

type Given = readonly [status: 'pass' | 'warn' | 'fail' | 'unknown', weight: 0 | 1 | 2 | 3];
const score = (...given: Given[]) => scoreOf(given.map(([status, weight]) => ({ status, evidence: '', check: { weight } as OrgCheck })));
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
    'no unknown check',
    [
      ['pass', 1],
      ['unknown', 3],
    ],
    { score: 100, grade: 'A' },
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
  ['nothing', [['unknown', 2]], { score: undefined, grade: undefined }],
])('the score counts %s', (_, given, expected) => {
  expect(score(...given)).toEqual(expected);
});
