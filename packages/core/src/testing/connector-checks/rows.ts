import type { SimulatorAnswer } from '../sandbox/simulator.ts';

/** An answer of rows, one a line, with the list of them as its body. */
export function withRowsRead(answer: SimulatorAnswer): SimulatorAnswer {
  if (typeof answer.body !== 'string') return answer;
  const lines = answer.body.split('\n').filter((line) => line.trim() !== '');
  return { ...answer, body: lines.map((line) => JSON.parse(line) as unknown) };
}

/** The same as it goes over the wire. A body that is no list is left as it is. */
export function withRowsWritten(answer: SimulatorAnswer): SimulatorAnswer {
  if (!Array.isArray(answer.body)) return answer;
  return { ...answer, body: answer.body.map((row) => `${JSON.stringify(row)}\n`).join('') };
}
