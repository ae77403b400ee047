/** The Kubernetes API on a member of this process. Loaded only by those who ask for it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../kube/control-plane.ts';
import { memberStore } from '../kube/store/member-store.ts';
import type { ServedMember } from '../member/types.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Logger } from '../util/runtime.ts';
import { kubeFiles, writeKubeconfig } from './kube-files.ts';

/** @param dir of certificates, token and kubeconfig, which members on one machine share */
export async function startMemberApi(
  member: ServedMember,
  port: number,
  dir: string,
  log: Logger,
): Promise<ControlPlane> {
  const runtime = nodeRuntime({ log });
  const files = kubeFiles(dir, [], runtime);
  const store = memberStore(member);
  const tls = { ...files.server, clientAuthorities: files.authority };
  const { token: adminToken, serviceAccountKey } = files;
  const plane = await startControlPlane({
    ...{ runtime, store, port, tls, adminToken, serviceAccountKey },
    authority: files.authority,
    authorizationModes: ['Node', 'RBAC'],
    // The history of a member is its clients' too: it ends by `--auto-compaction-retention`, and not unasked.
    compactionIntervalMs: 0,
  });
  const kubeconfig = join(dir, 'kubeconfig');
  // The first one that serves is as good as any other.
  if (!existsSync(kubeconfig)) writeKubeconfig(kubeconfig, plane.url, files.authority, files.token);
  const close = async (): Promise<void> => {
    await plane.close();
    await store.close();
  };
  return { ...plane, close, [Symbol.asyncDispose]: close };
}
