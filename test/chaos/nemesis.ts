/**
 * What goes wrong: members killed, stopped in the middle, asked to end; links cut one way, around one machine, across a
 * bridge or a ring, towards the clients only; disks that are full. One trouble at a time, each followed by a while without.
 */

import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import type { Client } from '../../src/client/index.ts';
import type { Machines } from './machines.ts';
import { moreTrouble } from './more-trouble.ts';

export interface Trouble {
  readonly kind: string;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export interface TroubleOptions {
  readonly machines: Machines;
  /** Index of the leader; -1 when nobody knows. */
  readonly leader: () => Promise<number>;
  /** Directories are small file systems of their own, which can be filled. */
  readonly canFill: boolean;
  readonly client: Client;
}

export const kinds = [
  'kill',
  'kill-leader',
  'kill-all',
  'stop-leader',
  'end-leader',
  'cut-leader',
  'cut-one-way',
  'cut-clients',
  'halves',
  'bridge',
  'ring',
  'disk-full',
  'slow-disk',
  'stuck-disk',
  'failing-disk',
  'clock-step',
  'thin-link',
  'late-links',
  'lossy-links',
  'reset-links',
  'rolling-restart',
  'replace',
] as const;
export type Kind = (typeof kinds)[number];

const needsLinks: ReadonlySet<Kind> = new Set([
  'cut-leader',
  'cut-one-way',
  'cut-clients',
  'halves',
  'bridge',
  'ring',
  'thin-link',
]);

const needsProxies: ReadonlySet<Kind> = new Set(['late-links', 'lossy-links', 'reset-links']);

export function possible(kind: Kind, { machines, canFill }: TroubleOptions): boolean {
  if (needsLinks.has(kind)) return machines.hasNamespaces;
  if (needsProxies.has(kind)) return machines.isLossy;
  return kind !== 'disk-full' || canFill;
}

/** Makes a trouble; its victim is drawn when it begins. */
export function troubleOf(kind: Kind, options: TroubleOptions): Trouble {
  const { machines, leader } = options;
  const count = machines.all.length;
  const anyone = (): number => Math.floor(Math.random() * count);
  const leading = async (): Promise<number> => {
    const index = await leader();
    return index < 0 ? anyone() : index;
  };
  const mend = async (): Promise<void> => machines.mendAll();
  const restart = async (): Promise<void> => {
    for (let index = 0; index < count; index++) machines.start(index);
  };
  const cutWhere = (isCut: (from: number, to: number) => boolean): void => {
    for (let from = 0; from < count; from++) {
      for (let to = 0; to < count; to++) if (from !== to && isCut(from, to)) machines.cut(from, to);
    }
  };
  switch (kind) {
    case 'kill':
      return { kind, begin: () => machines.end(anyone(), 'SIGKILL'), end: restart };
    case 'kill-leader':
      return { kind, begin: async () => machines.end(await leading(), 'SIGKILL'), end: restart };
    case 'kill-all':
      return {
        kind,
        begin: async () => {
          await Promise.all(machines.all.map(({ index }) => machines.end(index, 'SIGKILL')));
        },
        end: restart,
      };
    case 'stop-leader': {
      let victim = -1;
      return {
        kind,
        begin: async () => {
          victim = await leading();
          machines.signal(victim, 'SIGSTOP');
        },
        end: async () => machines.signal(victim, 'SIGCONT'),
      };
    }
    case 'end-leader':
      return { kind, begin: async () => machines.end(await leading(), 'SIGTERM'), end: restart };
    case 'cut-leader':
      return {
        kind,
        begin: async () => {
          const victim = await leading();
          cutWhere((from, to) => from === victim || to === victim);
        },
        end: mend,
      };
    case 'cut-one-way':
      return {
        kind,
        begin: async () => {
          const victim = await leading();
          const hears = Math.random() < 0.5;
          cutWhere((from, to) => (hears ? from === victim : to === victim));
        },
        end: mend,
      };
    case 'cut-clients':
      return { kind, begin: async () => machines.cut(await leading(), -1), end: mend };
    case 'halves':
      return {
        kind,
        begin: async () => {
          const first = anyone();
          const side = (index: number): boolean => (index + first) % count < Math.floor(count / 2);
          cutWhere((from, to) => side(from) !== side(to));
        },
        end: mend,
      };
    case 'bridge':
      return {
        kind,
        begin: async () => {
          const middle = anyone();
          const side = (index: number): number =>
            index === middle ? 0 : (index + count - middle) % count <= (count - 1) / 2 ? 1 : -1;
          cutWhere((from, to) => side(from) * side(to) < 0);
        },
        end: mend,
      };
    case 'ring':
      return {
        kind,
        begin: async () => cutWhere((from, to) => ![1, count - 1].includes(Math.abs(from - to))),
        end: mend,
      };
    case 'disk-full':
      return diskFull(options, leading);
    default:
      return moreTrouble(kind, options, leading);
  }
}

/** Leaves no room on the disk of the leader; a member that gave up is started again when there is room. */
function diskFull({ machines }: TroubleOptions, leading: () => Promise<number>): Trouble {
  let ballast = '';
  return {
    kind: 'disk-full',
    async begin() {
      ballast = `${machines.all[await leading()]!.directory}/ballast`;
      try {
        for (let at = 0; at < 10_000; at++) writeFileSync(ballast, Buffer.alloc(1 << 16), { flag: 'a' });
      } catch {
        // That is what it is for.
      }
    },
    async end() {
      rmSync(ballast, { force: true });
      for (const { index } of machines.all) machines.start(index);
    },
  };
}

/** Gives each machine a small file system of its own. False where that is not permitted. */
export function mountSmallDisks(machines: Machines, megabytes: number): boolean {
  try {
    for (const { directory } of machines.all) {
      execFileSync('mkdir', ['-p', directory]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', directory], {
        stdio: 'ignore',
      });
    }
    return true;
  } catch {
    return false;
  }
}

export function unmountSmallDisks(machines: Machines): void {
  for (const { directory } of machines.all) {
    try {
      execFileSync('umount', ['-l', directory], { stdio: 'ignore' });
    } catch {
      // It was none.
    }
  }
}
