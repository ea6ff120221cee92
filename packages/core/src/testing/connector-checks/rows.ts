import type { SimulatorAnswer } from '../sandbox/simulator.ts';

/** Parses an answer with one row per line. Its body becomes the list of rows. */
export function withRowsRead(answer: SimulatorAnswer): SimulatorAnswer {
  if (typeof answer.body !== 'string') return answer;
  const lines = answer.body.split('\n').filter((line) => line.trim() !== '');
  return { ...answer, body: lines.map((line) => JSON.parse(line) as unknown) };
}

/** Writes the list of rows as it goes over the wire. Any other body stays unchanged. */
export function withRowsWritten(answer: SimulatorAnswer): SimulatorAnswer {
  if (!Array.isArray(answer.body)) return answer;
  return { ...answer, body: answer.body.map((row) => `${JSON.stringify(row)}\n`).join('') };
}
