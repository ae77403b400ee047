import t from 'tap';
import { goDurationMs } from '../../src/util/go-duration.ts';

t.test('durations are read as Go writes them', async (t) => {
  const read: [string, number | null][] = [
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['1m30s', 90_000],
    ['2\u00b5s', 0.002],
    ['2\u03bcs', 0.002],
    ['-0', 0],
    ['+1ms', 1],
    ['300ms', 300],
    ['2us', 0.002],
    ['0', 0],
    ['-1s', -1000],
    ['', null],
    ['5', null],
    ['m', null],
    ['5m ', null],
    ['1s2', null],
    ['--1s', null],
    ['.s', null],
    ['1 s', null],
  ];
  for (const [text, ms] of read) t.equal(goDurationMs(text), ms, text);
});
