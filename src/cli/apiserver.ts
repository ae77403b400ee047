/** `keelson apiserver`: the Kubernetes API as a process of its own, on a Keelson cluster or on a real etcd. */

import { join } from 'node:path';
import { connect } from '../client/index.ts';
import { type ControlPlane, startControlPlane } from '../kube/control-plane.ts';
import { clientStore } from '../kube/store/client-store.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import { customFlag, flagHelp, integerFlag, parseFlags, textFlag } from './flags.ts';
import { kubeFiles, writeKubeconfig } from './kube-files.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';

const highestPort = 65_535;

const flags = {
  etcdServers: customFlag<string[]>(
    {
      help: 'client URLs of the cluster that holds the objects',
      initial: ['http://127.0.0.1:2379'],
      shownDefault: 'http://127.0.0.1:2379',
      placeholder: 'URL,…',
    },
    (text) => text.split(','),
  ),
  bindAddress: textFlag({ help: 'address to serve at', initial: '127.0.0.1', placeholder: 'HOST' }),
  securePort: integerFlag({
    help: 'port for HTTPS; 0 for none',
    initial: 6443,
    min: 0,
    max: highestPort,
    placeholder: 'PORT',
  }),
  insecurePort: integerFlag({
    help: 'port for plain HTTP on the loopback; 0 for none',
    initial: 0,
    min: 0,
    max: highestPort,
    placeholder: 'PORT',
  }),
  certDir: textFlag({
    help: 'where certificates, token and kubeconfig are kept',
    initial: '.keelson/kube',
    placeholder: 'DIR',
  }),
};

const HELP = `Usage: keelson apiserver [flags]

Serves the Kubernetes API over a Keelson cluster or a real etcd. Certificates and the administrator's token are made
once and kept in --cert-dir, beside a kubeconfig that goes with them.

`;

interface Options {
  readonly etcdServers: string[];
  readonly bindAddress: string;
  readonly securePort: number;
  readonly insecurePort: number;
  readonly certDir: string;
}

async function serve(options: Options): Promise<() => Promise<void>> {
  const runtime = nodeRuntime();
  const { bindAddress: host, securePort, insecurePort, certDir } = options;
  const files = kubeFiles(certDir, [host], runtime);
  const client = connect({ endpoints: options.etcdServers });
  const store = clientStore(client, runtime);
  const { token: adminToken, serviceAccountKey } = files;
  const common = { runtime, store, adminToken, serviceAccountKey };
  const planes: ControlPlane[] = [];
  const kubeconfig = join(certDir, 'kubeconfig');
  if (securePort > 0) {
    const tls = { ...files.server, clientAuthorities: files.authority };
    const plane = await startControlPlane({ ...common, host, port: securePort, tls });
    planes.push(plane);
    writeKubeconfig(kubeconfig, plane.url, files.authority, files.token);
  }
  if (insecurePort > 0) {
    const plane = await startControlPlane({ ...common, port: insecurePort });
    planes.push(plane);
    if (securePort === 0) writeKubeconfig(kubeconfig, plane.url, null, files.token);
  }
  for (const { url } of planes) say(`serving the Kubernetes API at ${url}`);
  say(`export KUBECONFIG=${kubeconfig}`);
  return async () => {
    for (const plane of planes) await plane.close();
    await store.close();
    await client.close();
  };
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** @returns the exit code. */
export async function runApiserver(argv: readonly string[]): Promise<number> {
  const { values, problems, help } = parseFlags(flags, argv);
  if (help) {
    say(HELP + flagHelp(flags));
    return 0;
  }
  if (values.securePort === 0 && values.insecurePort === 0) {
    problems.push('--secure-port and --insecure-port are both 0: there is nothing to serve at');
  }
  if (problems.length > 0) return complainUsage('apiserver', problems);
  try {
    const close = await serve(values);
    await untilSignal();
    await close();
    return 0;
  } catch (error) {
    complain(`keelson apiserver: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}
