// What a dashboard's variables stand for and what its panels' queries answer, as Grafana's data source for Prometheus has it.

export class Asker {
  constructor(address, now) {
    this.address = address;
    this.now = now;
  }

  async ask(path, parameters) {
    const answer = await (await fetch(`${this.address}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
    if (answer.status !== 'success') {
      throw new Error(`${answer.error}: ${parameters.query}`);
    }
    return answer.data.result;
  }

  instant(query) {
    return this.ask('query', { query, time: this.now });
  }

  range(query, from, step) {
    const end = Math.floor(this.now / step) * step;
    return this.ask('query_range', { query, start: end - Math.floor(from / step) * step, end, step });
  }
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86400, y: 31536000 };

/** `now-3y`, in seconds. */
export function span(time) {
  const [, count, unit] = /^now-(\d+)([smhdy])$/.exec(time.from);
  return count * SECONDS[unit];
}

export function substituted(text, values) {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, plain) => values[braced ?? plain] ?? whole);
}

/** The values of all variables, and what is shown of them at the top. */
export async function variables(dashboard, asker) {
  const values = { __range: `${span(dashboard.time)}s`, __rate_interval: '1m' };
  const shown = [];
  for (const variable of dashboard.templating.list) {
    if (variable.type === 'datasource') {
      shown.push([variable.label, 'Prometheus']);
      continue;
    }
    const options = await choices(variable, values, asker);
    const value = variable.multi
      ? variable.allValue ?? `(${options.map((option) => option.replaceAll('.', '\\\\.')).join('|')})`
      : options[0] ?? '';
    values[variable.name] = value;
    if (variable.hide === 0) {
      shown.push([variable.label, variable.multi ? 'All' : value]);
    }
  }
  return { values, shown };
}

async function choices(variable, values, asker) {
  if (variable.type === 'custom') {
    return variable.query.split(',');
  }
  const asked = substituted(variable.query.query, values);
  const labels = /^label_values\((.*), (\w+)\)$/.exec(asked);
  if (labels) {
    const found = await asker.instant(`group by (${labels[2]}) (${labels[1]})`);
    return found.map(({ metric }) => metric[labels[2]]).filter(Boolean).sort();
  }
  const found = await asker.instant(/^query_result\((.*)\)$/.exec(asked)[1]);
  const pattern = new RegExp(variable.regex.slice(1, -1));
  const captured = found.map(({ metric }) => {
    const written = Object.entries(metric).map(([name, value]) => `${name}="${value}"`).join(',');
    const match = pattern.exec(`{${written}} 1 ${asker.now}000`);
    return match?.groups?.value ?? match?.[1];
  });
  return [...new Set(captured.filter(Boolean))];
}

/** Data frames of a panel's queries, as plain objects. */
export async function frames(panel, dashboard, values, asker) {
  const answered = await Promise.all(panel.targets.map((target) => answer(target, panel, dashboard, values, asker)));
  return answered.flat();
}

async function answer(target, panel, dashboard, values, asker) {
  const query = substituted(target.expr, values);
  if (target.range) {
    const from = span(dashboard.time);
    const least = panel.interval === '1d' ? SECONDS.d : 15;
    const series = await asker.range(query, from, Math.max(least, Math.ceil(from / 1000)));
    return series.map(({ metric, values: points }) => frame(target, metric, points));
  }
  const series = await asker.instant(query);
  if (target.format === 'table') {
    return [table(target, series, panel.targets.length > 1)];
  }
  return series.map(({ metric, value }) => frame(target, metric, [value]));
}

function frame(target, metric, points) {
  const written = target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const name = target.legendFormat === '__auto' ? 'Value' : written;
  return {
    refId: target.refId,
    fields: [
      { name: 'Time', type: 'time', config: {}, values: points.map(([time]) => time * 1000) },
      { name: 'Value', type: 'number', labels: metric, config: { displayNameFromDS: name }, values: points.map(([, value]) => Number(value)) },
    ],
  };
}

function table(target, series, several) {
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return {
    refId: target.refId,
    fields: [
      { name: 'Time', type: 'time', config: {}, values: series.map(({ value }) => value[0] * 1000) },
      ...labels.map((label) => ({ name: label, type: 'string', config: {}, values: series.map(({ metric }) => metric[label] ?? '') })),
      { name: several ? `Value #${target.refId}` : 'Value', type: 'number', config: {}, values: series.map(({ value }) => Number(value[1])) },
    ],
  };
}
