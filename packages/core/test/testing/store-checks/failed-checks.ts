import type { StoreCheck } from '../../../src/testing/index.ts';

/** Returns the names of the checks that fail. A check that hangs fails too. */
export async function failedChecks(checks: readonly StoreCheck[]): Promise<readonly string[]> {
  const runs = checks.map(async ({ name, run }) => {
    const hung = new Promise<string[]>((resolve) => void waitTurns(2_000).then(() => resolve([name])));
    return await Promise.race([
      hung,
      run().then(
        () => [],
        () => [name],
      ),
    ]);
  });
  return (await Promise.all(runs)).flat();
}

/** Lets everything proceed that waits only for a turn of the event loop. */
export async function waitTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
