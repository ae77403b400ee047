#!/usr/bin/env node
/** The `keelson` command. Each subcommand is loaded when it is asked for, so that `keelson version` costs no server. */

import { complain, EXIT_FAILED, EXIT_USAGE, say } from './terminal.ts';

interface Command {
  readonly summary: string;
  readonly run: (argv: readonly string[]) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  server: {
    summary: 'run one member, with the flags of etcd',
    run: async (argv) => (await import('./server.ts')).runServer(argv),
  },
  etcd: {
    summary: 'the same, for programs that start etcd',
    run: async (argv) => (await import('./server.ts')).runServer(argv, 'etcd'),
  },
  assets: {
    summary: 'make a folder with etcd, etcdctl, etcdutl and kube-apiserver to start',
    run: async (argv) => (await import('./assets.ts')).runAssets(argv),
  },
  cluster: {
    summary: 'run a cluster of several members on this machine',
    run: async (argv) => (await import('./cluster.ts')).runCluster(argv),
  },
  apiserver: {
    summary: 'serve the Kubernetes API over a cluster',
    run: async (argv) => (await import('./apiserver.ts')).runApiserver(argv),
  },
  'kube-apiserver': {
    summary: 'the same, for programs that start kube-apiserver',
    run: async (argv) => (await import('./apiserver.ts')).runApiserver(argv, true),
  },
  restore: {
    summary: 'make a member from a snapshot, or from a stopped etcd',
    run: async (argv) => (await import('./restore.ts')).runRestore(argv),
  },
  ctl: {
    summary: 'talk to a cluster, with the commands of etcdctl',
    run: async (argv) => (await import('./ctl/ctl.ts')).runCtl(argv),
  },
  etcdutl: {
    summary: 'look at snapshots and restore them, with the commands of etcdutl',
    run: async (argv) => {
      const { etcdutl, runCtl } = await import('./ctl/ctl.ts');
      return runCtl(argv, etcdutl);
    },
  },
  doctor: {
    summary: 'look at a data directory or a cluster, and say what is wrong',
    run: async (argv) => (await import('./ctl/ctl.ts')).runCtl(['doctor', ...argv]),
  },
  status: {
    summary: 'show who leads and how far each member is',
    run: async (argv) => (await import('./status.ts')).runStatus(argv),
  },
  version: {
    summary: 'show the version',
    run: async () => (await import('./version.ts')).runVersion(),
  },
};

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2;
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return [
    'keelson: a replicated key-value store that speaks etcd v3',
    '',
    'Usage: keelson <command> [flags]',
    '',
    ...lines,
    '',
    'Flags of a command: keelson <command> --help',
  ].join('\n');
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    complain(overview());
    return EXIT_USAGE;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    say(overview());
    return 0;
  }
  const asked = name === '--version' ? 'version' : name;
  const command = Object.hasOwn(COMMANDS, asked) ? COMMANDS[asked] : undefined;
  if (command === undefined) {
    complain(`keelson: there is no command "${name}"\n\n${overview()}`);
    return EXIT_USAGE;
  }
  return command.run(rest);
}

// Whoever reads may have had enough: `keelson … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

main(process.argv.slice(2)).then(
  (code) => {
    // Standard output may be a pipe that is still being read: let the loop end by itself.
    process.exitCode = code;
  },
  (error: unknown) => {
    complain(`keelson: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = EXIT_FAILED;
  },
);
