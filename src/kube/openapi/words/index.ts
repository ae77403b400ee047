/** All tables of words. Nothing but `descriptions.ts` takes them, and not before somebody asks for a document. */

import { accessWords } from './access.ts';
import { clusterWords } from './cluster.ts';
import { deviceWords } from './devices.ts';
import { extensionWords } from './extensions.ts';
import { metaWords } from './meta.ts';
import { networkWords } from './network.ts';
import { podWords } from './pods.ts';
import { volumeWords } from './volumes.ts';
import { workloadWords } from './workloads.ts';

export const wordTables: readonly string[] = [
  metaWords,
  podWords,
  volumeWords,
  workloadWords,
  networkWords,
  clusterWords,
  accessWords,
  extensionWords,
  deviceWords,
];
