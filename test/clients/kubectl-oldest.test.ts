/** The oldest kubectl of this machine plays the whole session, and says what is recorded: see `kubectl/`. */

import { findKubectls } from '../kube/kubectl.ts';
import { holdToRecord } from './kubectl/hold.ts';

const kubectls = findKubectls();

holdToRecord(kubectls.length > 1 ? kubectls.slice(0, 1) : []);
