/** What the tools say of themselves: their commands and flags. */

import type { FlagSpecs } from './arguments.ts';
import { type CtlCommand, type CtlCommands, globalFlags } from './session.ts';

/** One of the two programs. */
export interface Tool {
  /** etcd's name for it. */
  readonly name: 'etcdctl' | 'etcdutl';
  /** How it is called here. */
  readonly call: 'keelson ctl' | 'keelson etcdutl';
  readonly commands: CtlCommands;
}

export const helpFlag: FlagSpecs = {
  help: { kind: 'switch', initial: false, help: 'show this', short: 'h' },
};

export function flagLines(specs: FlagSpecs): string[] {
  const width = Math.max(25, ...Object.keys(specs).map((name) => name.length)) + 2;
  return Object.entries(specs).map(([name, { short, initial, kind, help }]) => {
    const value = kind === 'duration' ? `${Number(initial) / 1000}s` : String(initial);
    const isPlain = (kind === 'switch' && initial === false) || initial === '' || initial === 0;
    return `  ${short === undefined ? '    ' : `-${short}, `}--${name.padEnd(width)}${help}${isPlain ? '' : ` (default ${value})`}`;
  });
}

export function overview({ name, call, commands }: Tool): string {
  const width = Math.max(...Object.keys(commands).map((words) => words.length)) + 2;
  const lines = Object.entries(commands)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([words, { summary }]) => `  ${words.padEnd(width)}${summary}`);
  return [
    `${call}: the commands of ${name}`,
    '',
    `Usage: ${call} <command> [flags]`,
    '',
    ...lines,
    '',
    'Flags of every command; each also as a variable, --endpoints as ETCDCTL_ENDPOINTS:',
    ...flagLines(globalFlags),
    '',
  ].join('\n');
}

/** The commands that begin with a word, as `lease`; empty if there are none. */
export function groupHelp({ call, commands }: Tool, word: string): string {
  const lines = Object.entries(commands)
    .filter(([name]) => name.startsWith(`${word} `))
    .map(([name, { summary }]) => `  ${name.padEnd(24)}${summary}`);
  if (lines.length === 0) return '';
  const usage = `${call} ${word} <command>`;
  return [`Usage: ${usage} [flags]`, '', ...lines, '', `Flags of one: ${usage} --help`, ''].join('\n');
}

export function commandHelp({ call }: Tool, { usage, summary, flags = {} }: CtlCommand): string {
  const own = Object.keys(flags).length === 0 ? [] : ['', 'Flags:', ...flagLines(flags)];
  return [
    summary,
    '',
    `Usage: ${call} ${usage}`,
    ...own,
    '',
    `Flags of every command: ${call} --help`,
    '',
  ].join('\n');
}
