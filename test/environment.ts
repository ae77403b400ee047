/**
 * Loaded before each test file (see .taprc). Invariant: what tests start (etcd, etcdctl, kubectl, Keelson) does as it is
 * told by the test alone: no variable of whoever runs the tests reaches it that changes what these programs do or say.
 */

import { tmpdir } from 'node:os';

/** Settings of the programs, proxies on the way to them, and the language and colours of their words. */
const settings =
  /^(ETCD_|ETCDCTL_|ETCDUTL_|KUBE|LC_|(https?|all|no)_proxy$|LANG(UAGE)?$|(NO|FORCE|CLI)_?COLOR|DEBUG$|NODE_DEBUG$|GODEBUG$|GRPC_)/i;

for (const name of Object.keys(process.env)) if (settings.test(name)) delete process.env[name];
process.env['HOME'] ??= tmpdir();
process.umask(0o022);
