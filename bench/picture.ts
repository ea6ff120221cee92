import { ratio, type Results } from './results.ts';
import { limit, servers } from './servers.ts';
import { figure } from './tables.ts';

const panels = [
  { cell: 'call-1k:50:16:newest', title: 'tools/call, 1 KB' },
  { cell: 'list:50:16:newest', title: 'tools/list' },
];
const width = 860;
const labelWidth = 170;
const panelWidth = (width - labelWidth) / panels.length;
const barWidth = panelWidth - 70;
const top = 64;
const rowHeight = 26;

/**
 * Draws bars of CPU time per request, on a logarithmic scale, because servers differ by factors of hundreds. The picture suits light and
 * dark pages.
 */
export function pictureOf({ samples }: Results): string {
  const rows = servers.filter(({ id }) => id === limit.id || panels.some(({ cell }) => ratio(samples, cell, id, 'cpuUs') !== undefined));
  const ratios = panels.flatMap(({ cell }) => rows.map(({ id }) => ratio(samples, cell, id, 'cpuUs') ?? 1));
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(...ratios))));
  const height = top + rows.length * rowHeight + 34;
  const bars = rows.flatMap(({ id, label }, row) => {
    const y = top + row * rowHeight;
    const kind = id === limit.id ? 'bare' : id.startsWith('busbar') ? 'own' : 'peer';
    return [
      `<text x="${labelWidth - 10}" y="${y + 14}" text-anchor="end">${label}</text>`,
      ...panels.flatMap(({ cell }, index) => {
        const value = ratio(samples, cell, id, 'cpuUs');
        if (value === undefined) return [];
        const x = labelWidth + index * panelWidth;
        // An empty bar would suggest no cost at all, so a ratio of one gets a short bar.
        const length = Math.max(2, (Math.max(0, Math.log10(value)) / decades) * barWidth + 2);
        return [
          `<rect class="${kind}" x="${x}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2"/>`,
          `<text x="${(x + length + 6).toFixed(1)}" y="${y + 14}">${figure(value)}</text>`,
        ];
      }),
    ];
  });
  const axes = panels.flatMap(({ title }, index) => {
    const x = labelWidth + index * panelWidth;
    const ticks = Array.from({ length: decades + 1 }, (_, power) => {
      const at = (x + 2 + (power / decades) * barWidth).toFixed(1);
      const bottom = height - 30;
      return `<line x1="${at}" x2="${at}" y1="${top - 8}" y2="${bottom}"/><text class="small" x="${at}" y="${bottom + 16}" text-anchor="middle">${10 ** power}×</text>`;
    });
    return [`<text class="title" x="${x}" y="${top - 16}">${title}</text>`, ...ticks];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="CPU time per request, times a bare server’s">
<style>
  svg { background: #fff; font: 13px system-ui, sans-serif; }
  text { fill: #1f2328; } .title { font-weight: 600; } .small { font-size: 11px; fill: #59636e; } line { stroke: #d1d9e0; }
  .bare { fill: #8c959f; } .own { fill: #0969da; } .peer { fill: #bf8700; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; } text { fill: #f0f6fc; } .small { fill: #9198a1; } line { stroke: #3d444d; }
  }
</style>
<text class="title" x="10" y="22">CPU time per request, times a bare server’s (50 tools, 16 clients, logarithmic; less is better)</text>
${[...axes, ...bars].join('\n')}
</svg>
`;
}
