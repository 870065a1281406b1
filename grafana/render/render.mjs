// node render.mjs PROMETHEUS DASHBOARDS PICTURES: draws each dashboard as it is now, in a headless Chromium.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Asker, frames, span, substituted, variables } from './prometheus.mjs';

const [address, folder, pictures] = process.argv.slice(2);
const asker = new Asker(address, Math.floor(Date.now() / 1000));
const MARGINS = 110;

const { outputFiles } = await build({
  entryPoints: ['page.jsx'],
  bundle: true,
  write: false,
  outdir: 'out',
  jsx: 'automatic',
  format: 'iife',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: Object.fromEntries(['.svg', '.png', '.woff', '.woff2', '.ttf', '.eot'].map((ending) => [ending, 'dataurl'])),
  logLevel: 'error',
});
const [script, style] = ['.js', '.css'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '');

async function page(name) {
  const dashboard = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
  if (name === 'exporter') {
    // What was started for a picture has no day behind it.
    dashboard.time.from = 'now-5m';
  }
  const { values, shown } = await variables(dashboard, asker);
  for (const panel of dashboard.panels) {
    panel.frames = await frames(panel, dashboard, values, asker);
    panel.title = substituted(panel.title, values);
    const defaults = panel.fieldConfig.defaults;
    defaults.noValue = substituted(defaults.noValue, values);
  }
  const data = { dashboard, shown, now: asker.now, seconds: span(dashboard.time) };
  const rows = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const html = `<!doctype html><meta charset="utf-8"><style>body{margin:0}${style}</style><div id="page"></div><script>window.dashboard=${json}</script><script src="script.js"></script>`;
  return { html, height: rows * 38 + MARGINS };
}

const pages = {};
const server = createServer((request, response) => {
  const name = request.url.slice(1);
  response.setHeader('content-type', name === 'script.js' ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8');
  response.end(name === 'script.js' ? script : pages[name]?.html ?? '');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const profile = await mkdtemp(join(tmpdir(), 'dashboards-'));
try {
  for (const name of ['overview', 'explore', 'history', 'exporter']) {
    pages[name] = await page(name);
    await promisify(execFile)('chromium', [
      '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--enable-logging=stderr', `--user-data-dir=${profile}`,
      `--window-size=1504,${pages[name].height}`, '--virtual-time-budget=20000', `--screenshot=${join(pictures, `dashboard-${name}.png`)}`,
      `http://127.0.0.1:${server.address().port}/${name}`,
    ]).then(({ stderr }) => stderr.split('\n').filter((line) => line.includes('CONSOLE') && !line.includes('decode downloaded font')).forEach((line) => console.error(name, line)));
    console.log(`dashboard-${name}.png`);
  }
} finally {
  server.close();
  await rm(profile, { recursive: true, force: true });
}
