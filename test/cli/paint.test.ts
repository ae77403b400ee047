import t from 'tap';
import { painted, paintedError, paintsOn } from '../../src/cli/paint.ts';

t.test('colours are for terminals, and for those who do not refuse them', async (t) => {
  t.equal(paintsOn({ isTTY: true }, {}), true);
  t.equal(paintsOn({ isTTY: true }, { NO_COLOR: '1' }), false);
  t.equal(paintsOn({ isTTY: true }, { NO_COLOR: '' }), true);
  t.equal(paintsOn({}, {}), false);
  t.equal(painted('well', 'green', false), 'well');
  t.equal(painted('well', 'green', true), '\x1b[32mwell\x1b[0m');
});

t.test('of an error the word that says so is red, and nothing else', async (t) => {
  t.equal(paintedError('Error: no Error: here\n', true), '\x1b[31mError:\x1b[0m no Error: here\n');
  t.equal(paintedError('a:1 is unhealthy: why\n', true), 'a:1 is \x1b[31munhealthy\x1b[0m: why\n');
  t.equal(paintedError('a line\n', true), 'a line\n');
  t.equal(paintedError('Error: x\n', false), 'Error: x\n');
});
