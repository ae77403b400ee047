import { readFileSync } from 'node:fs';
import t from 'tap';
import { compatibilityPage, pagePath } from '../../docs/generate.ts';

t.test('the page of compatibility is what the tables of the code make of it', async (t) => {
  t.equal(
    readFileSync(pagePath, 'utf8'),
    await compatibilityPage(),
    'run: node --import tsx docs/generate.ts',
  );
});
