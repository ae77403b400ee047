/**
 * The newest kubectl of this machine plays the whole session, and says what is recorded: see `kubectl/`. The oldest does so
 * in `kubectl-oldest.test.ts`, all of them with `npm run kubectl`.
 */

import t from 'tap';
import { findKubectls } from '../kube/kubectl.ts';
import { holdToRecord } from './kubectl/hold.ts';
import { makeTable, readTable } from './kubectl/table.ts';

t.test('the table of commands in docs/KUBERNETES.md is that of what is recorded', async (t) => {
  t.equal(readTable(), makeTable(), 'npm run kubectl -- --record writes it');
});

holdToRecord(findKubectls().slice(-1));
