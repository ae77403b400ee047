/** Trouble with the disk, the clock and the links of a member, restarts one after another, and a member that is replaced. */

import { setTimeout as pause } from 'node:timers/promises';
import { type LinkFaults, soundLinks } from './lossy-links.ts';
import type { ProcessFaults } from './machines.ts';
import type { Kind, Trouble, TroubleOptions } from './nemesis.ts';

const spoilt: Partial<Record<Kind, () => ProcessFaults>> = {
  'slow-disk': () => ({ slowMs: 100 }),
  'stuck-disk': () => ({ isStuck: true }),
  'failing-disk': () => ({ failsSync: true }),
  'clock-step': () => ({ wallMs: (Math.random() - 0.5) * 7_200_000 }),
};

const links: Partial<Record<Kind, LinkFaults>> = {
  'late-links': { ...soundLinks, delayMs: 60 },
  'lossy-links': { ...soundLinks, delayMs: 5, lossChance: 0.05 },
  'reset-links': { ...soundLinks, resetChance: 0.05 },
};

export function moreTrouble(kind: Kind, options: TroubleOptions, leading: () => Promise<number>): Trouble {
  const { machines } = options;
  const faults = spoilt[kind];
  if (faults !== undefined) return spoil(kind, faults, options, leading);
  if (links[kind] !== undefined) {
    return {
      kind,
      begin: async () => {
        machines.links.faults = links[kind]!;
      },
      end: async () => {
        machines.links.faults = soundLinks;
      },
    };
  }
  if (kind === 'thin-link') {
    let victim = -1;
    return {
      kind,
      begin: async () => {
        victim = await leading();
        machines.thin(victim, '300kbit');
      },
      end: async () => machines.thin(victim, ''),
    };
  }
  if (kind === 'rolling-restart') return { kind, begin: () => restartAll(options), end: async () => {} };
  return { kind, begin: () => replace(options, leading), end: async () => {} };
}

function spoil(
  kind: Kind,
  faults: () => ProcessFaults,
  { machines }: TroubleOptions,
  leading: () => Promise<number>,
): Trouble {
  let victim = -1;
  return {
    kind,
    begin: async () => {
      victim = await leading();
      machines.spoil(victim, faults());
    },
    end: async () => {
      machines.spoil(victim, {});
      // A member whose disk has failed has given up.
      await pause(300);
      for (const { index } of machines.all) machines.start(index);
    },
  };
}

async function restartAll({ machines, client }: TroubleOptions): Promise<void> {
  for (const { index, clientUrl } of machines.all) {
    await machines.end(index, 'SIGTERM');
    machines.start(index);
    await serves(client, clientUrl);
  }
}

/** Takes the leader out, empties its directory, and adds a new member in its place. */
async function replace({ machines, client }: TroubleOptions, leading: () => Promise<number>): Promise<void> {
  const index = await leading();
  const machine = machines.all[index]!;
  const members = await client.members.list({ timeoutMs: 5000 });
  const old = members.find(({ name }) => name === machine.name);
  if (old === undefined) throw new Error(`${machine.name} is no member`);
  await machines.end(index, 'SIGKILL');
  const listed = async (): Promise<boolean> => {
    const now = await client.members.list({ timeoutMs: 5000 });
    return now.some(({ peerUrls }) => peerUrls.includes(machine.dialUrl));
  };
  await retried(
    () => client.members.remove(old.id),
    async () => !(await listed()),
  );
  machines.clear(index);
  await retried(() => client.members.add([machine.dialUrl]), listed);
  machine.joins = true;
  machines.start(index);
  await serves(client, machine.clientUrl);
}

/** An answer that is lost may have been a yes: whether it was, the list of members tells, as it would a human. */
async function retried(ask: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    try {
      await ask();
      return;
    } catch {
      await pause(500);
      if (await isDone().catch(() => false)) return;
    }
  }
  throw new Error('the members could not be changed');
}

async function serves(client: TroubleOptions['client'], url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const all = await client.health({ timeoutMs: 2000 }).catch(() => []);
    if (all.some(({ endpoint, isHealthy }) => endpoint === url && isHealthy)) return;
    await pause(200);
  }
  throw new Error(`${url} does not serve again`);
}
