/**
 * Loaded into a member before its own code, by tests alone (`node --import`): a disk that is slow, stuck or failing and a wall
 * clock that has jumped, as a file says which KEELSON_FAULTS names. Nothing of it is in what users run.
 *
 *     { "slowMs": 0, "isStuck": false, "failsSync": false, "wallMs": 0 }
 *
 * The log writes through `node:fs`, so that is where the harm is done: writes and syncs come back late, not at all, or with
 * EIO. What was stuck goes on when it is not any more.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const path = process.env.KEELSON_FAULTS ?? '';
const none = { slowMs: 0, isStuck: false, failsSync: false, wallMs: 0 };
const { readFileSync, write, writev, fdatasync } = fs;
const wall = Date.now;
let faults = none;
let held = [];

function look() {
  try {
    faults = { ...none, ...JSON.parse(readFileSync(path, 'utf8')) };
  } catch {
    faults = none;
  }
  if (faults.isStuck) return;
  const free = held;
  held = [];
  for (const goOn of free) goOn();
}

/** Runs `work` when the disk gets to it. */
function later(work) {
  if (faults.isStuck) held.push(work);
  else if (faults.slowMs > 0) setTimeout(work, faults.slowMs * (0.5 + Math.random()));
  else work();
}

fs.write = (...words) => later(() => write(...words));
fs.writev = (...words) => later(() => writev(...words));
fs.fdatasync = (fd, done) =>
  later(() => {
    if (faults.failsSync)
      setImmediate(() => done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })));
    else fdatasync(fd, done);
  });
syncBuiltinESMExports();
Date.now = () => wall() + faults.wallMs;

if (path !== '') {
  look();
  setInterval(look, 25).unref();
}
