import { connectorChecks } from '../../../src/testing/index.ts';
const { acmeFixture, acmeWith } = await import('./acme-connector.ts');
const one = acmeWith(['get_note']);
const names = new Set(one.tools.map(({ name }) => name));
const examples = Object.fromEntries(Object.entries(acmeFixture.examples).filter(([name]) => names.has(name)));
for (let r = 0; r < 4; r++) {
  const c0 = process.cpuUsage(),
    t0 = performance.now();
  const rows = [];
  for (const c of connectorChecks(one, { ...acmeFixture, examples })) {
    const c1 = process.cpuUsage(),
      t = performance.now();
    let f = '';
    try {
      await c.run();
    } catch (e) {
      f = 'FAIL';
    }
    const d = process.cpuUsage(c1);
    rows.push([performance.now() - t, (d.user + d.system) / 1000, c.name + f]);
  }
  const d = process.cpuUsage(c0);
  console.log('total', (performance.now() - t0) | 0, 'cpu', ((d.user + d.system) / 1000) | 0);
  if (r === 3)
    rows
      .sort((a, b) => b[0] - a[0])
      .slice(0, 16)
      .forEach((r) => console.log(r[0].toFixed(0), r[1].toFixed(0), r[2]));
}
