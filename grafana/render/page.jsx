// Draws the panels of one dashboard. Numbers, units, colours, transformations and most panels are Grafana's own code; bar charts,
// which Grafana does not publish, are drawn here.

import {
  FieldType, Registry, ThemeContext, applyFieldOverrides, cacheFieldDisplayNames, createTheme, getFieldDisplayName,
  getFieldDisplayValues, standardTransformers, standardTransformersRegistry, toDataFrame, transformDataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { createRoot } from 'react-dom/client';
import { useEffect, useState } from 'react';

const WIDTH = 1480;
const theme = createTheme({ colors: { mode: 'dark' } });

standardTransformersRegistry.setInit(() =>
  ['merge', 'organize', 'sortBy', 'groupingToMatrix'].map((id) => {
    const transformation = Object.values(standardTransformers).find((known) => known.id === id);
    return { id, name: id, transformation: async () => transformation, editor: () => null };
  })
);

// The properties of fields that the dashboards set.
const plain = ['unit', 'decimals', 'min', 'max', 'noValue', 'mappings', 'thresholds', 'color', 'displayName'];
const custom = [
  'align', 'axisSoftMin', 'cellOptions', 'drawStyle', 'fillOpacity', 'filterable', 'lineStyle', 'lineWidth', 'minWidth', 'showPoints', 'spanNulls', 'stacking', 'width',
];
const property = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path, path, isCustom, name: path, process: (value) => value, shouldApply: () => true,
});
const fieldConfigRegistry = new Registry(() => [...plain.map((path) => property(path)), ...custom.map((path) => property(path, true))]);

function withFieldConfig(frames, panel) {
  const drawn = applyFieldOverrides({
    data: frames, fieldConfig: panel.fieldConfig, fieldConfigRegistry, replaceVariables: (text) => text, theme, timeZone: 'utc',
  });
  cacheFieldDisplayNames(drawn);
  return drawn;
}

function useTransformed(panel) {
  const [frames, setFrames] = useState();
  useEffect(() => {
    const subscription = transformDataFrame(panel.transformations, panel.frames.map((frame) => toDataFrame(frame)), { interpolate: (text) => text })
      .subscribe((transformed) => setFrames(withFieldConfig(transformed, panel)));
    return () => subscription.unsubscribe();
  }, [panel]);
  return frames;
}

function reduced(frames, panel) {
  return getFieldDisplayValues({
    data: frames, fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (text) => text, theme, timeZone: 'utc',
  });
}

function Stat({ panel, frames, width, height }) {
  const [{ display }] = reduced(frames, panel);
  const { colorMode, graphMode, justifyMode, textMode } = panel.options;
  return <BigValue value={display} {...{ width, height, theme, colorMode, graphMode, justifyMode, textMode }} />;
}

function Ranking({ panel, frames, width, height }) {
  const values = reduced(frames, panel);
  const each = Math.min(panel.options.maxVizHeight, Math.floor(height / values.length) - 4);
  const widest = (pick) => values.map(({ display }) => pick(display)).reduce((a, b) => (a.length < b.length ? b : a), '');
  const alignmentFactors = { title: widest((display) => display.title ?? ''), text: widest((display) => display.text) };
  return values.map(({ display, field }, index) => (
    <div key={index} style={{ height: each, marginBottom: 4 }}>
      <BarGauge value={display} field={field} alignmentFactors={alignmentFactors} display={values[index].view?.getFieldDisplayProcessor?.(values[index].colIndex)}
        width={width} height={each} theme={theme} orientation="horizontal" displayMode={panel.options.displayMode}
        text={panel.options.text} showUnfilled={panel.options.showUnfilled} valueDisplayMode={panel.options.valueMode} namePlacement={panel.options.namePlacement} />
    </div>
  ));
}

function Lines({ panel, frames, width, height, time }) {
  return (
    <TimeSeries frames={frames} structureRev={1} width={width} height={height} timeZone="utc" legend={panel.options.legend}
      timeRange={{ from: time.from, to: time.to, raw: time }} options={panel.options} replaceVariables={(text) => text} />
  );
}

function Bars({ frames, width, height }) {
  const [frame] = frames;
  const row = frame.fields.find((field) => field.type === FieldType.string);
  const columns = frame.fields.filter((field) => field.type === FieldType.number);
  const [left, bottom, legend] = [64, 64, columns.length > 1 ? 26 : 0];
  const [plotWidth, plotHeight] = [width - left - 8, height - bottom - legend - 8];
  const stack = row.values.map((_, at) => columns.map((column) => column.values[at] ?? 0));
  const sums = (sign) => stack.map((values) => values.filter((value) => value * sign > 0).reduce((a, b) => a + b, 0));
  const [highest, lowest] = [Math.max(...sums(1), 0), Math.min(...sums(-1), 0)];
  const y = (value) => 8 + plotHeight * (1 - (value - lowest) / (highest - lowest || 1));
  const power = 10 ** Math.floor(Math.log10((highest - lowest) / 4 || 1));
  const tick = power * [1, 2, 5, 10].find((factor) => (highest - lowest) / (power * factor) <= 5);
  const ticks = Array.from({ length: 20 }, (_, at) => (Math.ceil(lowest / tick) + at) * tick).filter((at) => at <= highest);
  const slot = plotWidth / row.values.length;
  const every = Math.ceil(22 / slot);
  const colour = (index) => {
    const { mode, fixedColor } = columns[index].config.color;
    return theme.visualization.getColorByName(mode === 'fixed' ? fixedColor : theme.visualization.palette[index]);
  };
  const ink = { fill: theme.colors.text.secondary, fontSize: 12, fontFamily: theme.typography.fontFamily };
  return (
    <svg width={width} height={height}>
      {ticks.map((at) => (
        <g key={at}>
          <line x1={left} x2={left + plotWidth} y1={y(at)} y2={y(at)} stroke={theme.colors.border.weak} />
          <text {...ink} x={left - 8} y={y(at) + 4} textAnchor="end">{at.toLocaleString()}</text>
        </g>
      ))}
      {stack.map((values, at) => {
        let [above, below] = [0, 0];
        return values.map((value, index) => {
          const from = value > 0 ? above : below;
          if (value > 0) { above += value; } else { below += value; }
          const [high, low] = [Math.max(from, from + value), Math.min(from, from + value)];
          return <rect key={`${at} ${index}`} x={left + at * slot + slot * 0.08} width={slot * 0.84} y={y(high)} height={Math.max(0, y(low) - y(high))} fill={colour(index)} opacity={0.85} />;
        });
      })}
      {row.values.map((label, at) => at % every === 0 && (
        <text key={at} {...ink} textAnchor="end" transform={`translate(${left + (at + 0.6) * slot},${plotHeight + 22}) rotate(-45)`}>{label}</text>
      ))}
      {legend > 0 && (
        <foreignObject x={left} y={height - legend} width={plotWidth} height={legend}>
          <div style={{ display: 'flex', gap: 14, fontSize: 12, color: theme.colors.text.primary, overflow: 'hidden', whiteSpace: 'nowrap' }}>
            {columns.map((column, index) => (
              <span key={index}><span style={{ display: 'inline-block', width: 14, height: 4, borderRadius: 2, marginRight: 5, verticalAlign: 'middle', background: colour(index) }} />{getFieldDisplayName(column, frame)}</span>
            ))}
          </div>
        </foreignObject>
      )}
    </svg>
  );
}

function Rows({ panel, frames, width, height }) {
  const [frame] = frames;
  return (
    <TableNG data={frame} width={width} height={height} initialSortBy={panel.options.sortBy} cellHeight={panel.options.cellHeight}
      enablePagination={panel.options.footer.enablePagination} timeRange={undefined} noHeader={false} structureRev={1} onSortByChange={() => {}} getActions={() => []} />
  );
}

const BODIES = { stat: Stat, bargauge: Ranking, timeseries: Lines, barchart: Bars, table: Rows };

function Panel({ panel, time }) {
  const frames = useTransformed(panel);
  const place = panel.gridPos;
  const column = (WIDTH + 8) / 24;
  const [width, height] = [place.w * column - 8, place.h * 38 - 8];
  const Body = BODIES[panel.type];
  const empty = frames && !frames.some((frame) => frame.length > 0);
  return (
    <div style={{ position: 'absolute', left: place.x * column, top: place.y * 38, width, height }}>
      <PanelChrome title={panel.title} width={width} height={height} padding="md">
        {(innerWidth, innerHeight) => {
          if (!frames) { return null; }
          if (empty) { return <div style={{ color: theme.colors.text.secondary, textAlign: 'center', paddingTop: innerHeight / 3 }}>{panel.fieldConfig.defaults.noValue}</div>; }
          return <Body {...{ panel, frames, time }} width={innerWidth} height={innerHeight} />;
        }}
      </PanelChrome>
    </div>
  );
}

function Page({ dashboard, shown, now, seconds }) {
  const bottom = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * 38;
  const moment = (milliseconds) => ({ valueOf: () => milliseconds });
  const time = { from: moment((now - seconds) * 1000), to: moment(now * 1000) };
  const box = { border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, padding: '4px 8px' };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ padding: 12, background: theme.colors.background.canvas, color: theme.colors.text.primary, fontFamily: theme.typography.fontFamily, fontSize: 13 }}>
        <div style={{ fontSize: 18, marginBottom: 10 }}>{dashboard.title}</div>
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, marginBottom: 10 }}>
          {shown.map(([label, value]) => <span key={label} style={box}><b style={{ color: theme.colors.text.secondary }}>{label}</b> {value}</span>)}
          <span style={{ flexGrow: 1 }} />
          {dashboard.links.map(({ title }) => <span key={title} style={box}>{title}</span>)}
        </div>
        <div style={{ position: 'relative', width: WIDTH, height: bottom }}>
          {dashboard.panels.map((panel) => <Panel key={panel.id} panel={panel} time={time} />)}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('page')).render(<Page {...window.dashboard} />);
