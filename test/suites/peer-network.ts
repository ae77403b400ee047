/** What every `PeerNetwork` promises, whatever carries the frames. */

import type { Test } from 'tap';
import type { PeerAddress, PeerNetwork } from '../../src/rpc/peer.ts';
import { pauseFor, until } from '../waiting.ts';

/** Makes members of one network. */
export interface NetworkMaker {
  /** @returns a member that is reachable but not started. */
  join(id: string): Promise<PeerNetwork>;
  address(id: string): PeerAddress;
}

/** Bounds of the queue from one member to another. */
export interface NetworkLimits {
  readonly maxQueuedBytes: number;
  readonly maxQueuedFrames: number;
}

/** One member and everything it was told. */
export class Member {
  readonly id: string;
  readonly network: PeerNetwork;
  readonly frames: { from: string; text: string }[] = [];
  readonly events: string[] = [];

  constructor(id: string, network: PeerNetwork) {
    this.id = id;
    this.network = network;
    network.start({
      onFrame: (from, frame) => this.frames.push({ from, text: Buffer.from(frame).toString() }),
      onConnect: (peer) => this.events.push(`+${peer}`),
      onDisconnect: (peer) => this.events.push(`-${peer}`),
    });
  }

  send(to: string, text: string): boolean {
    return this.network.send(to, Buffer.from(text));
  }

  get texts(): string[] {
    return this.frames.map((frame) => frame.text);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.network.close(resolve));
  }
}

export function peerNetworkSuite(t: Test, make: (limits?: NetworkLimits) => NetworkMaker): void {
  const members = async (maker: NetworkMaker, ids: readonly string[]): Promise<Member[]> => {
    const all: Member[] = [];
    for (const id of ids) all.push(new Member(id, await maker.join(id)));
    for (const member of all) member.network.setPeers(ids.map((id) => maker.address(id)));
    await until('all links are up', () =>
      all.every((member) => ids.every((id) => id === member.id || member.network.isConnected(id))),
    );
    await until('everyone was told', () => all.every((member) => member.events.length === ids.length - 1));
    return all;
  };
  const closeAll = (all: readonly Member[]): Promise<unknown> =>
    Promise.all(all.map((member) => member.close()));

  t.test('frames arrive once, in order, with their sender', async (t) => {
    const [a, b, c] = (await members(make(), ['a', 'b', 'c'])) as [Member, Member, Member];
    for (let number = 0; number < 500; number += 1) {
      t.ok(a.send('b', `a${number}`));
      if (number % 2 === 0) t.ok(c.send('b', `c${number}`));
      if (number % 50 === 0) await pauseFor(1);
    }
    await until('all of them are there', () => b.frames.length === 750);
    const from = (id: string): string[] =>
      b.frames.filter((frame) => frame.from === id).map((frame) => frame.text);
    t.same(
      from('a'),
      Array.from({ length: 500 }, (_, number) => `a${number}`),
    );
    t.same(
      from('c'),
      Array.from({ length: 250 }, (_, number) => `c${number * 2}`),
    );
    t.same([a.frames, c.frames], [[], []]);
    await closeAll([a, b, c]);
  });

  t.test('frames of any size arrive as they were, an empty one too', async (t) => {
    const [a, b] = (await members(make(), ['a', 'b'])) as [Member, Member];
    const texts = ['', 'x', 'y'.repeat(70_000), 'z'.repeat(3_000_000), ''];
    for (const text of texts) t.ok(a.send('b', text));
    await until('all of them are there', () => b.frames.length === texts.length);
    t.ok(b.texts.every((text, index) => text === texts[index]));
    await closeAll([a, b]);
  });

  t.test('a frame is never delivered within send', async (t) => {
    const [a, b] = (await members(make(), ['a', 'b'])) as [Member, Member];
    a.send('b', 'x');
    t.same(b.frames, []);
    await until('it arrives', () => b.frames.length === 1);
    await closeAll([a, b]);
  });

  t.test('without a link, send says so and drops the frame', async (t) => {
    const maker = make();
    const a = new Member('a', await maker.join('a'));
    t.equal(a.send('b', 'x'), false);
    t.equal(a.network.isConnected('b'), false);
    a.network.setPeers([maker.address('a')]);
    t.equal(a.send('a', 'x'), false, 'no link to oneself');
    await a.close();
    t.equal(a.send('b', 'x'), false);
  });

  t.test('a full queue drops by frames and by bytes, and works again when it has emptied', async (t) => {
    const [a, b] = (await members(make({ maxQueuedBytes: 10_000, maxQueuedFrames: 20 }), ['a', 'b'])) as [
      Member,
      Member,
    ];
    const accepted = Array.from({ length: 50 }, (_, number) => a.send('b', `${number}`));
    t.equal(accepted.filter(Boolean).length, 20);
    t.same(accepted.slice(0, 20), Array(20).fill(true), 'the first ones are kept');
    await until('those arrive', () => b.frames.length === 20);
    await pauseFor(5);
    const large = Array.from({ length: 5 }, () => a.send('b', 'x'.repeat(4000)));
    t.same(large, [true, true, false, false, false]);
    await until('those arrive', () => b.frames.length === 22);
    await pauseFor(5);
    t.equal(a.send('b', 'y'.repeat(12_000)), true, 'a frame larger than the bound goes alone');
    t.equal(a.send('b', 'z'), false);
    await until('it arrives', () => b.frames.length === 23);
    await closeAll([a, b]);
  });

  t.test('comings and goings are told once each, and a member that returns is linked again', async (t) => {
    const maker = make();
    const [a, b] = (await members(maker, ['a', 'b'])) as [Member, Member];
    t.same(a.events, ['+b']);
    await b.close();
    await until('a hears of it', () => a.events.length === 2);
    t.same(a.events, ['+b', '-b']);
    t.equal(a.send('b', 'lost'), false);
    const again = new Member('b', await maker.join('b'));
    again.network.setPeers([maker.address('a'), maker.address('b')]);
    await until('both are linked', () => a.network.isConnected('b') && again.network.isConnected('a'));
    t.ok(a.send('b', 'found'));
    await until('frames flow again', () => again.frames.length === 1);
    t.same(again.texts, ['found']);
    t.same(a.events, ['+b', '-b', '+b']);
    t.same(b.events, ['+a'], 'who closed is told nothing more');
    await closeAll([a, again]);
  });

  t.test('a peer that is taken off the list loses its link', async (t) => {
    const maker = make();
    const [a, b, c] = (await members(maker, ['a', 'b', 'c'])) as [Member, Member, Member];
    a.network.setPeers([maker.address('a'), maker.address('c')]);
    t.equal(a.network.isConnected('b'), false);
    t.equal(a.send('b', 'x'), false);
    t.ok(a.send('c', 'y'));
    await until('a hears of it', () => a.events.includes('-b'));
    await until('the other link is well', () => c.frames.length === 1);
    t.same(b.frames, []);
    await closeAll([a, b, c]);
  });

  t.test('who listens before it starts hears nothing until it has started', async (t) => {
    const maker = make();
    const a = new Member('a', await maker.join('a'));
    const b = await maker.join('b');
    a.network.setPeers([maker.address('a'), maker.address('b')]);
    await pauseFor(60);
    t.equal(a.network.isConnected('b'), false);
    const started = new Member('b', b);
    started.network.setPeers([maker.address('a'), maker.address('b')]);
    await until('they are linked', () => a.network.isConnected('b'));
    t.ok(a.send('b', 'x'));
    await until('frames flow', () => started.frames.length === 1);
    await closeAll([a, started]);
  });

  t.test('what was sent just before closing still leaves', async (t) => {
    const [a, b] = (await members(make(), ['a', 'b'])) as [Member, Member];
    a.send('b', 'one');
    await until('the link is warm', () => b.frames.length === 1);
    a.send('b', 'last word');
    await pauseFor(0);
    await a.close();
    await until('it arrives', () => b.frames.length === 2);
    t.same(b.texts, ['one', 'last word']);
    await b.close();
  });

  t.test('a network is started once', async (t) => {
    const a = new Member('a', await make().join('a'));
    t.throws(() => a.network.start({ onFrame: () => {}, onConnect: () => {}, onDisconnect: () => {} }));
    await a.close();
  });
}
