// Puts a run into a folder: one page, one picture a group, and the figures for programs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './chart.mjs';
import { drawGoals } from './goals-chart.mjs';
import { writeMarkdown } from './markdown.mjs';

export function writeResults(folder, run) {
  mkdirSync(folder, { recursive: true });
  const charts = new Map();
  for (const group of run.groups) {
    const file = `${group.id}.svg`;
    writeFileSync(join(folder, file), drawChart(group));
    charts.set(group.id, file);
  }
  if (run.goals.length > 0) {
    charts.set('goals', 'goals.svg');
    writeFileSync(join(folder, 'goals.svg'), drawGoals(run.goals));
  }
  writeFileSync(join(folder, 'README.md'), writeMarkdown({ ...run, charts }));
  const { machine, versions, date, seconds, redis, isQuick, groups, goals } = run;
  const figures = {
    date,
    isQuick,
    seconds,
    machine,
    redis,
    versions: Object.fromEntries(versions),
  };
  const text = JSON.stringify({ ...figures, goals, groups }, undefined, 1);
  writeFileSync(join(folder, 'results.json'), `${text}\n`);
}
