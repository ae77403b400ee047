/**
 * Completion for shells: a script that holds the commands and flags, for the tool under etcd's name and as a word of
 * `keelson`. Nothing is asked of a cluster while somebody types.
 */

import { exitBadArgs, UsageError } from './arguments.ts';
import type { Tool } from './help.ts';
import { type CtlCommand, type CtlCommands, globalFlags } from './session.ts';

const formats = 'fields json protobuf simple table';

interface Tables {
  /** Words that may follow none or one word, by that word; the first under the empty word. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  /** Flags of each command, without those of all. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly common: readonly string[];
}

function tablesOf({ commands }: Tool): Tables {
  const words = new Map<string, Set<string>>();
  for (const name of Object.keys(commands)) {
    const [first, second] = name.split(' ') as [string, string?];
    const add = (before: string, word: string): void => {
      words.set(before, (words.get(before) ?? new Set()).add(word));
    };
    add('', first);
    if (second !== undefined) add(first, second);
  }
  const sorted = [...words].map(([before, after]) => [before, [...after].sort()] as const);
  const flags = Object.entries(commands).map(
    ([name, command]) => [name, Object.keys(command.flags ?? {}).map((flag) => `--${flag}`)] as const,
  );
  const common = [...Object.keys(globalFlags), 'help'].map((flag) => `--${flag}`);
  return { words: new Map(sorted), flags: new Map(flags), common };
}

/** The word of `keelson` that stands for the tool. */
function wordOf({ call }: Tool): string {
  return call.slice('keelson '.length);
}

function bash(tool: Tool): string {
  const { words, flags, common } = tablesOf(tool);
  const name = `_keelson_${tool.name}`;
  const wordCases = [...words].map(([before, after]) => `    "${before}") words="${after.join(' ')}" ;;`);
  const flagCases = [...flags].map(([command, own]) => `    "${command}") flags="${own.join(' ')}" ;;`);
  return `# Completion for bash: source this file, or put it where bash-completion looks for ${tool.name}.
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local first= second= count=0 begin=1 words= flags= at
  if [ "\${COMP_WORDS[0]##*/}" = keelson ]; then begin=2; fi
  for ((at = begin; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      -*) ;;
      *) count=$((count + 1)); if [ $count = 1 ]; then first=\${COMP_WORDS[at]}; elif [ $count = 2 ]; then second=\${COMP_WORDS[at]}; fi ;;
    esac
  done
  case $previous in
    -w|--write-out) COMPREPLY=($(compgen -W "${formats}" -- "$current")); return ;;
    --cacert|--cert|--key|--data-dir|--wal-dir) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$first" in
${wordCases.join('\n')}
  esac
  if [ -n "$second" ]; then words=; fi
  case "$first\${second:+ $second}" in
${flagCases.join('\n')}
  esac
  if [ -z "$flags" ]; then
    case "$first" in
${flagCases.map((line) => `  ${line}`).join('\n')}
    esac
  fi
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags ${common.join(' ')}" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")); if [ -z "$words" ]; then COMPREPLY=($(compgen -f -- "$current")); fi ;;
  esac
}
${name}_of_keelson() {
  if [ "\${COMP_WORDS[1]}" = ${wordOf(tool)} ] && [ $COMP_CWORD -gt 1 ]; then ${name}; fi
}
complete -o default -F ${name} ${tool.name}
complete -o default -F ${name}_of_keelson keelson
`;
}

function zsh(tool: Tool): string {
  return `#compdef ${tool.name}
# Completion for zsh: source this file behind compinit.
autoload -U +X bashcompinit && bashcompinit
${bash(tool)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fish({ name, commands }: Tool): string {
  const lines = [`# Completion for fish: source this file, or put it into ~/.config/fish/completions.`];
  const groups = new Set<string>();
  for (const [words, { summary, flags = {} }] of Object.entries(commands)) {
    const [first, second] = words.split(' ') as [string, string?];
    if (second === undefined || !groups.has(first)) {
      const about = second === undefined ? summary : `${first} …`;
      lines.push(`complete -c ${name} -n __fish_use_subcommand -f -a ${first} -d ${quoted(about)}`);
      groups.add(first);
    }
    const seen = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined)
      lines.push(`complete -c ${name} -n '${seen}' -f -a ${second} -d ${quoted(summary)}`);
    const both = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
    for (const [flag, { help }] of Object.entries(flags))
      lines.push(`complete -c ${name} -n '${both}' -l ${flag} -d ${quoted(help)}`);
  }
  for (const [flag, { help, short }] of Object.entries(globalFlags)) {
    const letter = short === undefined ? '' : ` -s ${short}`;
    lines.push(`complete -c ${name} -l ${flag}${letter} -d ${quoted(help)}`);
  }
  return `${lines.join('\n')}\n`;
}

const shells: Readonly<Record<string, (tool: Tool) => string>> = { bash, zsh, fish };

/** @param tool asked for when a script is made: it has these commands, too */
export function completionCommands(tool: () => Tool): CtlCommands {
  const one = (shell: string): CtlCommand => ({
    usage: `completion ${shell}`,
    summary: `Generate the autocompletion script for ${shell}`,
    isOffline: true,
    run: async (session) => {
      if (session.words.length > 0) throw new UsageError('too many arguments', exitBadArgs);
      session.io.out(shells[shell]!(tool()));
      return undefined;
    },
  });
  return Object.fromEntries(Object.keys(shells).map((shell) => [`completion ${shell}`, one(shell)]));
}
