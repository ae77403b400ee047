/**
 * `keelson apiserver`: the Kubernetes API as a process of its own, on a Keelson cluster or on a real etcd; and `keelson
 * kube-apiserver`, the same with that program's flags and defaults, for harnesses that start it.
 */

import { join } from 'node:path';
import { type Client, connect } from '../client/index.ts';
import { startControlPlane } from '../kube/control-plane.ts';
import { servedVersion } from '../kube/discovery/pages.ts';
import { clientStore } from '../kube/store/client-store.ts';
import { prefixedStore } from '../kube/store/prefixed-store.ts';
import type { KubeStore } from '../kube/store.ts';
import { optimizeSooner } from '../util/node-compiler.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Runtime } from '../util/runtime.ts';
import { type ApiserverOptions, apiserverFlags, plainArguments, pluginWarnings } from './apiserver-flags.ts';
import { type ApiserverSetup, setUpApiserver } from './apiserver-setup.ts';
import { flagHelp, parseFlags } from './flags.ts';
import { writeKubeconfig } from './kube-files.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';

/** How long the store may take to answer for the first time. */
const storeWaitMs = 60_000;
const storeRetryMs = 100;
/** Ending must not take longer than this: the store may be gone already. */
const endMs = 5000;

const ABOUT = `Serves the Kubernetes API over a Keelson cluster or a real etcd. Certificates and the administrator's token are made
once and kept in --cert-dir, beside a kubeconfig that goes with them. The flags are those of kube-apiserver; as
"keelson kube-apiserver" their defaults are, too, and no token is made.`;

/** @throws Error when it does not answer in time */
async function untilStoreAnswers(store: KubeStore, runtime: Runtime): Promise<void> {
  const until = runtime.clock.now() + storeWaitMs;
  for (;;) {
    try {
      await store.revision();
      return;
    } catch (error) {
      if (runtime.clock.now() >= until) throw error;
      await new Promise<void>((resolve) => runtime.clock.setTimer(storeRetryMs, resolve));
    }
  }
}

function connectTo(options: ApiserverOptions, setup: ApiserverSetup): Client {
  const tls = setup.etcdTls === null ? {} : { tls: setup.etcdTls };
  return connect({ endpoints: options.etcdServers, ...tls });
}

async function serve(
  options: ApiserverOptions,
  setup: ApiserverSetup,
  runtime: Runtime,
): Promise<() => Promise<void>> {
  const client = connectTo(options, setup);
  const store = clientStore(client, runtime);
  await untilStoreAnswers(store, runtime);
  const plane = await startControlPlane({ ...setup.plane, store: prefixedStore(store, options.etcdPrefix) });
  const { files } = setup;
  say(`serving the Kubernetes API at ${plane.url}`);
  if (plane.insecureUrl !== null) say(`serving the Kubernetes API at ${plane.insecureUrl}`);
  if (files !== null) {
    const kubeconfig = join(options.certDir, 'kubeconfig');
    writeKubeconfig(
      kubeconfig,
      plane.url,
      plane.url.startsWith('https') ? files.authority : null,
      files.token,
    );
    say(`export KUBECONFIG=${kubeconfig}`);
  }
  return async () => {
    await plane.close();
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

/** Ends it in time even when the store is gone and does not answer any more. */
async function endInTime(close: () => Promise<void>, runtime: Runtime, delayMs: number): Promise<void> {
  const late = runtime.clock.setTimer(delayMs + endMs, () => process.exit(0));
  await close();
  late.cancel();
}

/** `--version`, and `--version=raw`, as kube-apiserver takes them. */
function asksForVersion(argv: readonly string[]): boolean {
  return argv.some((word) => /^--version(=(true|raw))?$/.test(word));
}

/** @param isKube as kube-apiserver @returns the exit code. */
export async function runApiserver(argv: readonly string[], isKube: boolean = false): Promise<number> {
  if (asksForVersion(argv)) {
    say(`Kubernetes ${servedVersion.gitVersion}`);
    return 0;
  }
  const command = isKube ? 'kube-apiserver' : 'apiserver';
  const table = apiserverFlags(isKube);
  const { values, problems, warnings, help } = parseFlags(table, plainArguments(argv));
  if (help) {
    say(`Usage: keelson ${command} [flags]\n\n${ABOUT}\n\n${flagHelp(table)}`);
    return 0;
  }
  optimizeSooner();
  const options = values as unknown as ApiserverOptions;
  const runtime = nodeRuntime();
  const setup = setUpApiserver(options, isKube, runtime, problems);
  if (problems.length > 0 || setup === null) return complainUsage(command, problems);
  for (const warning of [...warnings, ...pluginWarnings(options.enableAdmissionPlugins)]) {
    complain(`keelson ${command}: ${warning}`);
  }
  try {
    const signal = untilSignal();
    // A signal may come while the store is still waited for.
    const serving = serve(options, setup, runtime);
    const early = await Promise.race([serving.then(() => false), signal.then(() => true)]);
    const close = early ? async () => (await serving)() : await serving;
    await signal;
    await endInTime(close, runtime, options.shutdownDelayDuration);
    return 0;
  } catch (error) {
    complain(`keelson ${command}: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}
