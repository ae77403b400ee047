import { endChild, Workplace } from '../../bench/children.ts';
import { missingPrograms, startServers } from '../clients/harness.ts';
import { clientSuite } from './suite.ts';

clientSuite({
  name: 'etcd',
  mayLack: [],
  skip: missingPrograms('etcd'),
  async start(count) {
    const workplace = new Workplace();
    const servers = await startServers('etcd', count, workplace);
    return {
      endpoints: servers.members.map(({ clientUrl }) => clientUrl),
      kill: (index) => endChild(servers.members[index]!.child, 'SIGKILL'),
      close: () => workplace.close(),
    };
  },
});
