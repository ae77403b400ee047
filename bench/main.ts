/** `npm run bench -- <benchmark> [flags]`: chooses the benchmark, prints the report, writes the files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlagTable, type FlagValues, flagHelp, parseFlags, switchFlag } from '../src/cli/flags.ts';
import {
  type Benchmark,
  benchmarks,
  type Outcome,
  parsed,
  sharedFlags,
  shortArgv,
  USAGE_ERROR,
} from './catalog.ts';
import { describeEnvironment } from './environment.ts';
import { htmlReport, type Section } from './html.ts';
import { chosenSystems, systemFlags } from './options.ts';

const quickFlag = { quick: switchFlag('one short round of each: a first look, not a measurement') } as const;
const allFlags = { ...systemFlags, ...quickFlag } as const;
const ALL_SUMMARY = 'all of them, and one page with their plots';

function overview(): string {
  const entries = [
    ...Object.entries(benchmarks).map(([name, { summary }]) => [name, summary]),
    ['all', ALL_SUMMARY],
  ];
  const lines = entries.map(([name, summary]) => `  ${name!.padEnd(13)} ${summary}`);
  return [
    'Usage: npm run bench -- <benchmark> [flags]',
    '',
    'Each starts the clusters it needs on free ports and in a temporary folder, and removes them afterwards. The folder of --out',
    'gets a JSON file, the plots as SVG, and report.html, which has both and needs nothing else to be read.',
    '',
    ...lines,
    '',
    'Flags of one: npm run bench -- <benchmark> --help',
  ].join('\n');
}

function writeFiles(files: Readonly<Record<string, string>>, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(files).map(([file, content]) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    return path;
  });
}

function filesOf(name: string, outcome: Outcome): Record<string, string> {
  return { [`${name}.json`]: `${JSON.stringify(outcome.data, null, 1)}\n`, ...outcome.charts };
}

function sectionOf(name: string, outcome: Outcome): Section {
  const { summary } = benchmarks[name]!;
  return { name, summary, text: outcome.text, charts: Object.values(outcome.charts) };
}

function pageOf(sections: readonly Section[], values: FlagValues<typeof systemFlags>): string {
  const { date, cores, cpu, node, versions } = describeEnvironment(
    chosenSystems(values.against, values.only),
  );
  const named = Object.entries(versions).map(([system, version]) => `${system} ${version}`);
  return htmlReport(
    `${date.slice(0, 10)}, ${named.join(' and ')}, ${cores} × ${cpu}, node ${node}`,
    sections,
  );
}

/** Runs every benchmark, and goes on after one that fails. */
async function runAll(argv: readonly string[]): Promise<number> {
  const values = parsed(allFlags, argv);
  const { nodes, out, json, quick } = values;
  // What is missing is told once, and before an hour of measuring.
  chosenSystems(values.against, values.only);
  const sections: Section[] = [];
  const data: Record<string, object> = {};
  const files: string[] = [];
  let failures = 0;
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (nodes < (benchmark.fewestNodes ?? 1)) {
      process.stderr.write(`bench: ${name}: left out, needs ${benchmark.fewestNodes} members\n`);
      continue;
    }
    try {
      const argvOfOne = [...sharedFlags(benchmark, values), ...(quick ? benchmark.quick : [])];
      const outcome = await benchmark.run(argvOfOne);
      sections.push(sectionOf(name, outcome));
      data[name] = outcome.data;
      files.push(...writeFiles(filesOf(name, outcome), out));
      if (!json) process.stdout.write(`${outcome.text}\n\n`);
    } catch (error) {
      failures += 1;
      process.stderr.write(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  files.push(...writeFiles({ 'report.html': pageOf(sections, values) }, out));
  if (json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else process.stdout.write(`written: ${files.join(', ')}\n`);
  return failures === 0 ? 0 : 1;
}

async function runOne(name: string, benchmark: Benchmark, given: readonly string[]): Promise<number> {
  const argv = shortArgv(benchmark, given);
  const outcome = await benchmark.run(argv);
  // What starts no clusters has no flags that choose them.
  const unchosen = { against: '', only: '' };
  const values = { ...unchosen, ...parseFlags(benchmark.flags, argv).values } as FlagValues<
    typeof systemFlags
  >;
  const page = pageOf([sectionOf(name, outcome)], values);
  const files = writeFiles({ ...filesOf(name, outcome), 'report.html': page }, values.out);
  if (values.json) process.stdout.write(`${JSON.stringify(outcome.data)}\n`);
  else process.stdout.write(`${outcome.text}\n\nwritten: ${files.join(', ')}\n`);
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? USAGE_ERROR : 0;
  }
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (benchmark === undefined && name !== 'all') {
    process.stderr.write(`bench: there is no benchmark "${name}"\n\n${overview()}\n`);
    return USAGE_ERROR;
  }
  const flags: FlagTable = benchmark === undefined ? allFlags : { ...benchmark.flags, ...quickFlag };
  if (parseFlags(flags, rest).help) {
    const summary = benchmark?.summary ?? ALL_SUMMARY;
    process.stdout.write(`${name}: ${summary}\n\n${flagHelp(flags)}\n`);
    return 0;
  }
  return benchmark === undefined ? await runAll(rest) : await runOne(name, benchmark, rest);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
