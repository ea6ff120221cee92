import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const module = new URL('../../src/mcp/http.ts', import.meta.url).href;

/** Measures, in its own process, how many times longer `process.nextTick` takes after garbage collections with nothing in its queue. */
async function slowdown(kept: boolean): Promise<number> {
  const program = `
    ${kept ? `import '${module}';` : ''}
    const nothing = () => {};
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    async function costNs() {
      let least = Infinity;
      // Enough iterations for V8 to optimize the code, even if its compiler has to wait for a core.
      for (let block = 0; block < 4_000; block += 1) {
        const began = process.hrtime.bigint();
        for (let tick = 0; tick < 500; tick += 1) process.nextTick(nothing);
        least = Math.min(least, Number(process.hrtime.bigint() - began) / 500);
        await turn();
      }
      return least;
    }
    const before = await costNs();
    for (let times = 0; times < 6; times += 1) {
      await turn();
      gc();
    }
    console.log(await costNs() / before);`;
  const args = ['--expose-gc', '--input-type=module', '--eval', program];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

it('nextTick stays as fast after garbage collections', async () => {
  expect(await slowdown(true)).toBeLessThan(2);
});

it('without tick-shape.ts, nextTick takes several times as long after garbage collections', async () => {
  expect(await slowdown(false), 'Node keeps the shape now: remove src/mcp/tick-shape.ts').toBeGreaterThan(2);
});
