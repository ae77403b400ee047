import { endChild, Workplace } from '../../bench/children.ts';
import { startCluster } from '../../src/index.ts';
import { startServers } from '../clients/harness.ts';
import { clientSuite } from './suite.ts';

clientSuite({
  name: 'Keelson',
  mayLack: [],
  skip: false,
  async start(count) {
    if (count === 1) {
      const cluster = await startCluster({ members: 1, listen: true });
      return {
        endpoints: cluster.clientUrls,
        kill: (index) => cluster.members[index]!.close(),
        close: () => cluster.close(),
      };
    }
    // To be killed they must be processes.
    const workplace = new Workplace();
    const servers = await startServers('keelson', count, workplace);
    return {
      endpoints: servers.members.map(({ clientUrl }) => clientUrl),
      kill: (index) => endChild(servers.members[index]!.child, 'SIGKILL'),
      close: () => workplace.close(),
    };
  },
});
